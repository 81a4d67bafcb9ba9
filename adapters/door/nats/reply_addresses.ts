/**
 * What a message has beside its event for a little while: where replies go, and whose own subscriptions do not get it.
 * An event has no place for either; nothing of it is durable.
 */

import type { Clock } from "../../../node/mod.ts";

/** An event, by the cluster that accepted it. */
export interface EventAt {
  readonly origin: string;
  readonly source: string;
  readonly id: string;
}

export interface Beside {
  readonly reply: string | undefined;
  /** The client that published it and does not want to hear it. */
  readonly silentTo: object | undefined;
}

interface Remembered extends Beside {
  readonly until: number;
}

/** How long somebody may take to get to the event, ms (contract: replies travel for 30 s). */
const REMEMBERED_MS = 30_000;
/** Past this the oldest is forgotten: its requester waits in vain, as for a responder that is gone. */
const REMEMBERED_MAX = 100_000;

export class ReplyAddresses {
  readonly #clock: Pick<Clock, "now">;
  /** In the order in which they end. */
  readonly #remembered = new Map<string, Remembered>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** To be called before the event is accepted: subscribers may get it before its receipt is there. */
  note(event: EventAt, beside: Beside): void {
    const now = this.#clock.now();
    for (const [key, { until }] of this.#remembered) {
      if (until > now && this.#remembered.size < REMEMBERED_MAX) break;
      this.#remembered.delete(key);
    }
    const key = keyOf(event);
    this.#remembered.delete(key);
    this.#remembered.set(key, { ...beside, until: now + REMEMBERED_MS });
  }

  /** Whether nothing is remembered: then nobody need ask. */
  get empty(): boolean {
    return this.#remembered.size === 0;
  }

  find(event: EventAt): Beside | undefined {
    const remembered = this.#remembered.get(keyOf(event));
    return remembered === undefined || remembered.until <= this.#clock.now() ? undefined : remembered;
  }
}

// CloudEvents 1.0 §3.1: source + id is unique. The cluster keeps others from having replies to an event sent to them.
function keyOf({ origin, source, id }: EventAt): string {
  return `${origin}\0${source}\0${id}`;
}
