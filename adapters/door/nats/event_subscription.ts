/** One SUB of an ordinary client: a live stream of events, each as a message. */

import { createHash } from "node:crypto";

import { type EventStream, RefusedError, type StoredEvent, type WeftNode } from "../../../node/mod.ts";
import { type ClientSubscription, sendMessage } from "./client_subscription.ts";
import type { EventMessages } from "./event_messages.ts";
import type { LiveMessage } from "./live_broker.ts";
import type { Outbox } from "./outbox.ts";
import type { EventAt, ReplyAddresses } from "./reply_addresses.ts";
import type { Waker } from "./waker.ts";

export interface EventSubscriptionParts {
  readonly node: WeftNode;
  readonly waker: Waker;
  readonly messages: EventMessages;
  readonly replies: ReplyAddresses;
  readonly outbox: Outbox;
  /** Whose subscription it is; told apart by identity. */
  readonly client: { readonly headers: boolean };
  /** The last message that it asked for was sent. */
  readonly onDone: (subscription: EventSubscription) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Events taken at a time; in a group it is then the other members' turn. */
const TAKEN_MAX = 64;
const TAKEN_IN_GROUP_MAX = 16;
/** As for a subscription's `config.group`. */
const GROUP = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/;

export class EventSubscription implements ClientSubscription {
  readonly sid: string;
  readonly subject: string;
  readonly queue: string | undefined;
  readonly client: EventSubscriptionParts["client"];
  readonly #parts: EventSubscriptionParts;
  #stream: EventStream | undefined;
  #sent = 0;
  #max = Infinity;
  #woken = false;
  #closed = false;

  constructor(
    parts: EventSubscriptionParts,
    { sid, subject, queue }: { sid: string; subject: string; queue: string | undefined },
  ) {
    this.#parts = parts;
    this.client = parts.client;
    this.sid = sid;
    this.subject = subject;
    this.queue = queue;
  }

  /** Resolves when it gets what is published from then on. Rejects with what `openStream()` refuses. */
  async open(): Promise<void> {
    const stream = await this.#openStream();
    if (this.#closed) return await stream.close();
    this.#stream = stream;
    this.wake();
  }

  /** Something may have become ready, or there is room again. */
  readonly wake = (): void => {
    if (this.#woken || this.#stream === undefined) return;
    this.#woken = true;
    this.#parts.waker.wake(this);
  };

  flush(): void {
    this.#woken = false;
    const { outbox } = this.#parts;
    const turn = this.queue === undefined ? TAKEN_MAX : TAKEN_IN_GROUP_MAX;
    while (this.#stream !== undefined && outbox.hasRoom) {
      this.#stream.takeGap(); // at most once is what a NATS client is promised
      const events = this.#stream.take(Math.min(turn, this.#max - this.#sent));
      if (events.length === 0) return;
      for (const stored of events) this.#send(stored);
      if (this.queue !== undefined) return this.wake();
    }
  }

  /** `max`: in all; with as many sent it ends at once. */
  limit(max: number): void {
    this.#max = max;
    if (this.#sent >= max) this.#parts.onDone(this);
  }

  close(): void {
    this.#closed = true;
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.close().catch(this.#parts.onFailure);
  }

  deliver(message: LiveMessage): void {
    if (this.#sent >= this.#max) return;
    this.#sent++;
    sendMessage(this.#parts.outbox, { sid: this.sid, withHeaders: this.client.headers }, message);
    if (this.#sent >= this.#max) this.#parts.onDone(this);
  }

  #send(stored: StoredEvent): void {
    const { messages, replies } = this.#parts;
    const beside = replies.empty ? undefined : replies.find(toEventAt(stored));
    if (beside !== undefined && beside.silentTo === this.client) return;
    this.deliver({ subject: stored.topic, reply: beside?.reply, ...messages.of(stored) });
  }

  async #openStream(): Promise<EventStream> {
    const open = (group: string | undefined) =>
      this.#parts.node.openStream({ topic: this.subject, group, onReady: this.wake });
    if (this.queue === undefined) return await open(undefined);
    try {
      return await open(GROUP.test(this.queue) ? this.queue : ownGroup(this.queue, this.subject));
    } catch (error) {
      // NATS clients use one queue name for many subjects (a service names all its queues "q"): those are groups apart.
      if (!(error instanceof RefusedError) || error.code !== "GROUP_MISMATCH") throw error;
      return await open(ownGroup(this.queue, this.subject));
    }
  }
}

function toEventAt({ origin, event: { attributes: { source, id } } }: StoredEvent): EventAt {
  return { origin, source, id };
}

/** The group of a queue whose name another group has, or that is no name of a group: the same wherever it is asked for. */
function ownGroup(queue: string, subject: string): string {
  const readable = queue.replaceAll(/[^A-Za-z0-9._-]/g, "-").replace(/^[^A-Za-z0-9]/, "x").slice(0, 64);
  return `${readable}~${createHash("sha256").update(`${queue} ${subject}`).digest("hex").slice(0, 16)}`;
}
