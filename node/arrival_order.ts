/** Port: whether what an origin has sent to this cluster came in one piece. A node knows of no links; who has them tells it. */

import type { StoredEvent } from "./event_store.ts";

/** What has to come, or to end, before an event may follow what its origin published earlier. */
export interface ArrivalGap {
  readonly origin: string;
  readonly epoch: number;
  /** Numbers of the origin that are missing, the first and the last; both 0 where it has yet to say what is missing. */
  readonly from: number;
  readonly to: number;
}

/** An event of the log, by what its origin calls it. */
export type OriginNumber = Pick<StoredEvent, "origin" | "epoch" | "sequence">;

export interface ArrivalOrder {
  /** Whether an event of the log comes before and after others of its origin. The others are handed out as they come. */
  hasPlace(event: OriginNumber): boolean;
  /**
   * What is still under way of that which its origin has published for this cluster before an event of the log. Without:
   * all of it is in the log, at any position up to the head, or has ended.
   */
  gapBefore(event: OriginNumber): ArrivalGap | undefined;
  /** Calls `listener` when a gap may be over: of an origin, or of any. The answer ends it. */
  watch(listener: (origin?: string) => void): () => void;
}
