/** A frame that is sealed: its place among all that were ever sent over a lane, and what is in it. */

import type { Shipment } from "../custody/shipment.ts";
import type { Chain } from "./codec/mod.ts";

/** A frame among all that were ever sent over the lane. */
export interface LanePlace {
  readonly linkEpoch: number;
  readonly sequence: number;
}

export interface SealedFrame extends LanePlace {
  bytes: Uint8Array;
  readonly chain: Chain;
  readonly events: number;
  readonly shipments: readonly Shipment[];
  readonly sealedAt: number;
  sentAt: number;
  /** A stream has said that it took this one. */
  taken?: boolean;
  /** When it was acknowledged; kept that long for a receiver that acknowledges before it syncs. */
  ackedAt: number;
}

/** Before the first. */
export const NOWHERE: LanePlace = { linkEpoch: 0, sequence: 0 };

export function isAfter(a: LanePlace, b: LanePlace): boolean {
  return a.linkEpoch === b.linkEpoch ? a.sequence > b.sequence : a.linkEpoch > b.linkEpoch;
}
