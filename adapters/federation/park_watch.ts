/** Watches what is parked for each destination: long before there is no room for it, somebody should know. */

import { type Federation, type FederationNotice, PARK_BUDGET_SHARE } from "../../federation/mod.ts";
import type { Clock, EventStore } from "../../node/mod.ts";

export interface ParkWatchParts {
  readonly federation: Federation;
  readonly store: Pick<EventStore, "stats">;
  readonly clock: Clock;
  readonly onNotice: (notice: FederationNotice) => void;
}

const LOOK_EVERY_MS = 5000;
/** Of the budget: told above the first, and once more only after it was below the second. */
const HIGH = 0.8;
const LOW = 0.6;

/** The answer ends it. */
export function watchParked({ federation, store, clock, onNotice }: ParkWatchParts): () => void {
  const high = new Set<string>();
  let cancel = () => {};
  const look = (): void => {
    cancel = clock.after(LOOK_EVERY_MS, look);
    const budget = store.stats().bytesMax * PARK_BUDGET_SHARE;
    for (const [cluster, { bytes, events }] of federation.custody.parked) {
      if (bytes < budget * LOW) high.delete(cluster);
      if (bytes < budget * HIGH || high.has(cluster)) continue;
      high.add(cluster);
      const detail =
        `${events} events (${bytes} bytes) are parked for "${cluster}", of a budget of ${Math.floor(budget)} ` +
        "bytes; bring its links back, or forget it if it is gone for good";
      onNotice({ level: "warn", code: "PARK_HIGH", detail, peer: cluster });
    }
  };
  look();
  return () => cancel();
}
