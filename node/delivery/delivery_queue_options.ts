/** What a delivery queue follows, and within which bounds. */

import type { Reader } from "../audience.ts";
import type { StoredEvent } from "../event_store.ts";
import type { LogGap } from "../log_follower.ts";
import type { Arrivals } from "./delivery_order.ts";
import type { QueueState } from "./queue_state.ts";

export interface DeliveryQueueOptions {
  /** Key of its document in the store; `undefined` keeps it in memory only (a stream's own queue). */
  readonly stateKey: string | undefined;
  readonly pattern: string;
  /** See `LogFollowerOptions.reader`. */
  readonly reader?: Reader;
  readonly accepts: (event: StoredEvent) => boolean;
  readonly ordered: boolean;
  /** How events of other clusters came here; only an ordered queue asks. */
  readonly arrivals?: Arrivals;
  /** Events taken from the log and not settled, at most: bounds memory and what a kill may repeat. */
  readonly openMax: number;
  /** Where to begin: a saved state, or after a position. */
  readonly from: QueueState | number;
  readonly onError: (error: unknown) => void;
  /** An event that was due ended instead, for its time to live was over; it had been tried that often. */
  readonly onExpired?: (position: number, attempts: number) => void;
  /** Called when events were retired before the queue took them. `take()` ends there, and is to be called again. */
  readonly onGap?: (gap: LogGap) => void;
  /** See `LogFollowerOptions.toldTo`. */
  readonly toldTo?: number;
}
