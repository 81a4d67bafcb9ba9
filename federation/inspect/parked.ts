/** What is parked here for a cluster, of this one and of others, and why: it waits for a way, or for a destination's return. */

import type { ParkReason } from "../custody/shipment.ts";
import type { Federation } from "../federation.ts";

export interface ParkedView {
  readonly events: number;
  /** Of these, events of other origins: this cluster has them in custody on their way. */
  readonly ofOthers: number;
  readonly bytes: number;
  /** Position of the oldest event in the log of this cluster. */
  readonly oldestPosition: number;
  /** How long the event that was parked first has been, ms. */
  readonly sinceMs: number;
  /** Events by stable code, most first. */
  readonly reasons: readonly { readonly reason: ParkReason; readonly events: number }[];
}

/** `null`: nothing is. What has ended, and only has to be told, does not count. */
export function parkedFor({ custody, self, world }: Federation, destination: string): ParkedView | null {
  const byReason = new Map<ParkReason, number>();
  let [events, ofOthers, bytes, oldestPosition, since] = [0, 0, 0, Infinity, Infinity];
  for (const { count, origin, ended, parked, position, bytes: size } of custody.parked.get(destination) ?? []) {
    if (ended !== undefined || parked === undefined) continue;
    events += count;
    bytes += size;
    if (origin !== self) ofOthers += count;
    oldestPosition = Math.min(oldestPosition, position);
    since = Math.min(since, parked.since);
    byReason.set(parked.reason, (byReason.get(parked.reason) ?? 0) + count);
  }
  if (events === 0) return null;
  const reasons = [...byReason].map(([reason, events]) => ({ reason, events })).sort((a, b) => b.events - a.events);
  return { events, ofOthers, bytes, oldestPosition, sinceMs: Math.round(world.now() - since), reasons };
}
