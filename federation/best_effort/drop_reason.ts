/** Why an event that is not in custody ended on its way to a destination. */

import type { ParkReason } from "../custody/shipment.ts";

/** Stable codes. */
export type DropReason =
  /** `NO_PATH`, `LOOP_AVOIDED`, `HOP_LIMIT`: what would have parked it in custody. */
  | Exclude<ParkReason, "FORBIDDEN">
  /** The link to the next hop was down in that moment. */
  | "LINK_DOWN"
  /** As much was under way on the link as it takes. */
  | "CONGESTED"
  /** The next hop does not know the class, and only the origin can take an event into custody instead. */
  | "CLASS_UNKNOWN"
  /** The frame would be larger than the link takes. */
  | "TOO_LARGE"
  /** Its time to live was over. */
  | "EXPIRED"
  /** The destination's store was full, failed, or had too much before it. */
  | "NO_ROOM"
  /** The destination has no member of its group any more. */
  | "NO_MEMBER"
  /** Its topic is reserved. */
  | "TOPIC_RESERVED";
