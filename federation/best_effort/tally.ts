/** What became of events that are not in custody, as far as this cluster saw it, since the process began. */

import type { DropReason } from "./drop_reason.ts";

/** Own events for one destination: each was sent, or dropped for a reason. */
export interface DestinationTally {
  sent: number;
  readonly dropped: Map<DropReason, number>;
}

export class Tally {
  /** Own events that left for a destination, and those of others that were passed on; once for each destination. */
  sent = 0;
  forwarded = 0;
  /** Events of others that are in this cluster's log, and copies of what was there before. */
  arrived = 0;
  repeats = 0;
  /** Frames that could not be read. */
  refused = 0;
  /** Dropped here, own or not, once for each destination. */
  readonly dropped = new Map<DropReason, number>();
  readonly #destinations = new Map<string, DestinationTally>();

  get destinations(): ReadonlyMap<string, Readonly<DestinationTally>> {
    return this.#destinations;
  }

  noteSent(destination: string, count: number, { own }: { own: boolean }): void {
    if (own) this.#of(destination).sent += count;
    if (own) this.sent += count;
    else this.forwarded += count;
  }

  noteDropped(destination: string, count: number, { own, reason }: { own: boolean; reason: DropReason }): void {
    add(this.dropped, reason, count);
    if (own) add(this.#of(destination).dropped, reason, count);
  }

  #of(destination: string): DestinationTally {
    let tally = this.#destinations.get(destination);
    if (tally === undefined) this.#destinations.set(destination, tally = { sent: 0, dropped: new Map() });
    return tally;
  }
}

function add(counts: Map<DropReason, number>, reason: DropReason, count: number): void {
  counts.set(reason, (counts.get(reason) ?? 0) + count);
}
