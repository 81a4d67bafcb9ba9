/** One client's messages on their way to the store: in order, bounded, and waiting where there is no room. */

import {
  type Clock,
  type CloudEvent,
  type Receipt,
  RefusedError,
  StoreFullError,
  type WeftNode,
} from "../../../node/mod.ts";
import type { Principal } from "../http/auth/mod.ts";
import { ACCEPTING_BYTES_MAX, ACCEPTING_EVENTS_MAX } from "./limits.ts";
import { toEvent } from "./message_event.ts";
import type { ClientMessage } from "./protocol_parser.ts";

export interface PublisherParts {
  readonly node: WeftNode;
  readonly clock: Clock;
  readonly principal: Principal;
  readonly newId: () => string;
  readonly headersBytesMax: number;
  /** The client's socket is not read until `release()`. */
  readonly hold: () => void;
  readonly release: () => void;
}

export interface Publication {
  readonly message: ClientMessage;
  readonly topic: string;
  /** The event is valid and allowed; it is about to be accepted. */
  readonly onEvent: (event: CloudEvent) => void;
  /** With an answer to give, a full store is an answer; without, the message waits for room. */
  readonly onReceipt: ((receipt: Receipt) => void) | undefined;
  readonly onRefused: (error: unknown) => void;
}

interface Submitted extends Publication {
  readonly event: CloudEvent;
  readonly ttlMs: number | undefined;
  readonly bytes: number;
  readonly group: Group;
}

/** What was submitted between two points at which somebody waits for all of it. */
interface Group {
  open: number;
}

/** Longest pause before a full store is asked again, ms. */
const RETRY_MS_MAX = 1000;

export class EventPublisher {
  readonly #parts: PublisherParts;
  #open = 0;
  #openBytes = 0;
  #held = false;
  #group: Group = { open: 0 };
  #waits: { readonly group: Group; readonly run: () => void }[] = [];
  /** What found no room, in order. */
  #retries: Submitted[] = [];
  #cancelRetry: (() => void) | undefined;
  #closed = false;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  publish(publication: Publication): void {
    const { node, principal, newId, headersBytesMax } = this.#parts;
    const { message, topic } = publication;
    try {
      const source = `/federations/${node.federation}`;
      const { event, ttlMs } = toEvent(message, { topic, source, newId, headersBytesMax });
      requireRight(principal, node.topicOf(event, topic));
      publication.onEvent(event);
      const bytes = message.payload.length + (message.headers?.length ?? 0);
      this.#submit({ ...publication, event, ttlMs, bytes, group: this.#enter(bytes) });
    } catch (error) {
      publication.onRefused(error);
    }
  }

  /** Runs it once all that was published before is durable or refused; at once if it is. */
  whenSettled(run: () => void): void {
    if (this.#open === 0) return run();
    this.#waits.push({ group: this.#group, run });
    this.#group = { open: 0 };
  }

  /** What waits for room is given up: the client, who got no answer to its PING, knows that it may be lost. */
  close(): void {
    this.#closed = true;
    this.#cancelRetry?.();
    this.#retries = [];
    this.#waits = [];
  }

  #enter(bytes: number): Group {
    this.#open++;
    this.#openBytes += bytes;
    this.#group.open++;
    this.#adjustHold();
    return this.#group;
  }

  #submit(submitted: Submitted): void {
    const { event, topic, ttlMs } = submitted;
    this.#parts.node.accept({ event, topic, ttlMs }).then(
      (receipt) => {
        this.#leave(submitted);
        if (!this.#closed) submitted.onReceipt?.(receipt);
      },
      (error) => this.#failed(submitted, error),
    );
  }

  #failed(submitted: Submitted, error: unknown): void {
    // A plain PUB cannot be refused: the client is not read until there is room.
    if (error instanceof StoreFullError && submitted.onReceipt === undefined && !this.#closed) {
      this.#retries.push(submitted);
      this.#adjustHold();
      this.#cancelRetry ??= this.#parts.clock.after(Math.min(error.retryAfterMs, RETRY_MS_MAX), () => this.#retry());
      return;
    }
    this.#leave(submitted);
    if (!this.#closed) submitted.onRefused(error);
  }

  #retry(): void {
    this.#cancelRetry = undefined;
    for (const submitted of this.#retries.splice(0)) this.#submit(submitted);
  }

  #leave({ bytes, group }: Submitted): void {
    this.#open--;
    this.#openBytes -= bytes;
    group.open--;
    while (this.#waits.length > 0 && this.#waits[0].group.open === 0) this.#waits.shift()!.run();
    this.#adjustHold();
  }

  /** Held from the bound on until half of it is done, so that a socket is not stopped and started for each event. */
  #adjustHold(): void {
    const share = this.#held ? 0.5 : 1;
    const full = this.#retries.length > 0 || this.#open >= ACCEPTING_EVENTS_MAX * share ||
      this.#openBytes >= ACCEPTING_BYTES_MAX * share;
    if (full === this.#held || this.#closed) return;
    this.#held = full;
    if (full) this.#parts.hold();
    else this.#parts.release();
  }
}

function requireRight(principal: Principal, topic: string): void {
  if (principal.may("publish", topic)) return;
  throw new RefusedError(
    "FORBIDDEN",
    `Cannot publish to "${topic}": "${principal.name}" may not; use credentials whose publish patterns fit this topic`,
    { topic },
  );
}
