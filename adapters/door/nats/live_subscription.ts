/** One SUB to subjects that are not events: what comes is passed on at once. */

import { type ClientSubscription, sendMessage } from "./client_subscription.ts";
import type { LiveBroker, LiveClient, LiveMessage, LiveSubscriber } from "./live_broker.ts";
import type { Outbox } from "./outbox.ts";

export interface LiveSubscriptionParts {
  readonly broker: LiveBroker;
  readonly outbox: Outbox;
  readonly client: LiveClient & { readonly headers: boolean };
  /** The last message that it asked for was sent. */
  readonly onDone: (subscription: LiveSubscription) => void;
}

export class LiveSubscription implements ClientSubscription, LiveSubscriber {
  readonly sid: string;
  readonly subject: string;
  readonly queue: string | undefined;
  readonly client: LiveClient;
  readonly #parts: LiveSubscriptionParts;
  readonly #form: { readonly sid: string; readonly withHeaders: boolean };
  #sent = 0;
  #max = Infinity;

  constructor(
    parts: LiveSubscriptionParts,
    { sid, subject, queue }: { sid: string; subject: string; queue: string | undefined },
  ) {
    this.#parts = parts;
    this.sid = sid;
    this.subject = subject;
    this.queue = queue;
    this.client = parts.client;
    this.#form = { sid, withHeaders: parts.client.headers };
    parts.broker.add(this);
  }

  deliver(message: LiveMessage): void {
    if (this.#sent >= this.#max) return;
    this.#sent++;
    sendMessage(this.#parts.outbox, this.#form, message);
    if (this.#sent >= this.#max) this.#parts.onDone(this);
  }

  limit(max: number): void {
    this.#max = max;
    if (this.#sent >= max) this.#parts.onDone(this);
  }

  wake(): void {
    // Nothing waits: what finds no room makes the client a slow one.
  }

  close(): void {
    this.#parts.broker.remove(this);
  }
}
