/** An event given to a member of a queue to be delivered. */

import type { StoredEvent } from "../event_store.ts";

export interface Delivery {
  readonly stored: StoredEvent;
  /** Number of this attempt, 1 for the first. */
  readonly attempt: number;
}
