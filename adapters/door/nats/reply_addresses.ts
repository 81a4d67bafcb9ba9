/**
 * What a message has beside its event for a little while: where replies go, and whose own subscriptions do not get it.
 * An event has no place for either; nothing of it is durable.
 */

import type { Clock, CloudEvent } from "../../../node/mod.ts";

export interface Origin {
  readonly reply: string | undefined;
  /** The client that published it and does not want to hear it. */
  readonly silentTo: object | undefined;
}

interface Remembered extends Origin {
  readonly until: number;
}

/** How long somebody may take to get to the event, ms (contract: replies travel for 30 s). */
const REMEMBERED_MS = 30_000;
/** Past this the oldest is forgotten: its requester waits in vain, as for a responder that is gone. */
const REMEMBERED_MAX = 100_000;

export class ReplyAddresses {
  readonly #clock: Pick<Clock, "now">;
  /** In the order in which they end. */
  readonly #origins = new Map<string, Remembered>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** To be called before the event is accepted: subscribers may get it before its receipt is there. */
  note(event: CloudEvent, origin: Origin): void {
    const now = this.#clock.now();
    for (const [key, { until }] of this.#origins) {
      if (until > now && this.#origins.size < REMEMBERED_MAX) break;
      this.#origins.delete(key);
    }
    const key = keyOf(event);
    this.#origins.delete(key);
    this.#origins.set(key, { ...origin, until: now + REMEMBERED_MS });
  }

  find(event: CloudEvent): Origin | undefined {
    if (this.#origins.size === 0) return undefined;
    const origin = this.#origins.get(keyOf(event));
    return origin === undefined || origin.until <= this.#clock.now() ? undefined : origin;
  }
}

// CloudEvents 1.0 §3.1: source + id is unique.
function keyOf({ attributes }: CloudEvent): string {
  return `${attributes.source}\0${attributes.id}`;
}
