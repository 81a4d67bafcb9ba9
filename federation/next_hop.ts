/** Which neighbour is next for a copy of an event: the same for what is in custody and for what is not. */

import type { ParkReason } from "./custody/shipment.ts";

/** What is asked of the routing table. */
export interface NextHops {
  readonly version: number;
  nextHop(destination: string): string | undefined;
  /** The next hop of the best path without these clusters. */
  nextHopAvoiding(destination: string, avoid: readonly string[]): string | undefined;
}

/** A fuse, not a setting: no sane topology has a path this long. */
export const HOPS_MAX = 32;

/** `hops`: the clusters that the copy has passed; it never goes back to one of them. */
export function chooseHop(
  routes: NextHops,
  destination: string,
  hops: readonly string[],
): string | { readonly reason: ParkReason } {
  if (hops.length >= HOPS_MAX - 1) return { reason: "HOP_LIMIT" };
  const hop = routes.nextHop(destination);
  if (hop === undefined) return { reason: "NO_PATH" };
  if (!hops.includes(hop)) return hop;
  return routes.nextHopAvoiding(destination, hops) ?? { reason: "LOOP_AVOIDED" };
}
