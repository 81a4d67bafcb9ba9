/** What this node says to a neighbour now, whole: who it is, what it has of the neighbour's frames, what else holds. */

import type { BestEffort } from "../best_effort/best_effort.ts";
import type { Places } from "../custody/places.ts";
import { BEST_EFFORT, chainToHex, type Congested, type Hello, type Lane, LANES, type Meet } from "./codec/mod.ts";

export interface SaidOfSelf {
  readonly identity: Meet;
  readonly ackAfterSync: boolean;
  readonly places: Places;
  readonly bestEffort: Pick<BestEffort, "received">;
  /** Hash of the record database, 16 hex digits. */
  readonly root: string;
  /** Destinations for which nothing more is taken now. */
  readonly congested: Congested;
  /** How late its timers are, ms. */
  readonly loopLagMs: number;
  /** What it takes at once, by lane. */
  readonly creditBytes: Hello["creditBytes"];
  /** Why it will not speak any more. */
  readonly reason: Hello["reason"];
}

/** `linkEpoch`: of the frames to that neighbour. */
export function toHello(
  { identity, ackAfterSync, places, bestEffort, root, congested, loopLagMs, creditBytes, reason }: SaidOfSelf,
  { peer, linkEpoch }: { readonly peer: string; readonly linkEpoch: number },
): Hello {
  const received: Record<string, Hello["received"][Lane]> = {};
  for (const lane of LANES) {
    const { linkEpoch, sequence, chain } = places.durable(peer, lane);
    if (linkEpoch > 0) received[lane] = { linkEpoch, sequence, chain: chainToHex(chain) };
  }
  received[BEST_EFFORT] = bestEffort.received(peer);
  return {
    ...identity,
    fence: 0,
    ackAfterSync,
    linkEpoch,
    received,
    root,
    loopLagMs,
    ...congested,
    creditBytes,
    ...reason !== undefined && { reason },
  } as Hello;
}
