/** Port: makes the sinks of subscriptions, and refuses those that the node's policy forbids. */

import type { Sink } from "./sink.ts";
import type { Subscription } from "./subscriptions/subscription.ts";

export interface SinkFactory {
  /**
   * Asked before a subscription is made or replaced: may its sink be used, and does it consent (the webhook handshake)?
   * Throws `RefusedError` with what to do. Does nothing for a subscription without a sink.
   */
  prepare(subscription: Subscription): Promise<void>;

  /** A sink for a subscription that was prepared, now or before a restart. */
  open(subscription: Subscription): Sink;
}
