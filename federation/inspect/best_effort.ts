/** What became of events that are not in custody, as far as this cluster saw it since it started: a ledger of its own. */

import type { DropReason } from "../best_effort/drop_reason.ts";
import type { Federation } from "../federation.ts";

/** Counts by stable code; codes that never came are left out. */
export type DropCounts = Readonly<Partial<Record<DropReason, number>>>;

/** Events once for each destination. Nobody tells an origin what arrived: losses show between `sent` here and `arrived` there. */
export interface BestEffortLedger {
  /** Own events that left for a destination. */
  readonly sent: number;
  /** Events of other clusters that were passed on. */
  readonly forwarded: number;
  /** Events of other clusters that came into this one's log, and copies of those, which did not. */
  readonly arrived: number;
  readonly repeats: number;
  /** Dropped here, own or not. */
  readonly dropped: DropCounts;
  /** Own events by destination, in order of name. */
  readonly destinations: readonly {
    readonly destination: string;
    readonly sent: number;
    readonly dropped: DropCounts;
  }[];
}

export const NO_BEST_EFFORT: BestEffortLedger = {
  sent: 0,
  forwarded: 0,
  arrived: 0,
  repeats: 0,
  dropped: {},
  destinations: [],
};

export function bestEffortLedger({ bestEffort: { tally } }: Federation): BestEffortLedger {
  const { sent, forwarded, arrived, repeats, dropped } = tally;
  const destinations = [...tally.destinations].map(([destination, own]) => {
    return { destination, sent: own.sent, dropped: toCounts(own.dropped) };
  });
  destinations.sort((a, b) => a.destination < b.destination ? -1 : 1);
  return { sent, forwarded, arrived, repeats, dropped: toCounts(dropped), destinations };
}

function toCounts(counts: ReadonlyMap<DropReason, number>): DropCounts {
  return Object.fromEntries([...counts].sort(([a], [b]) => a < b ? -1 : 1));
}
