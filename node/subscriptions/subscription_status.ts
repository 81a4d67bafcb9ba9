/** How a subscription is doing, for operators. */

import type { ArrivalGap } from "../arrival_order.ts";
import { toCursor } from "../cursor.ts";
import type { EventStore } from "../event_store.ts";
import type { Consumer } from "./subscriptions.ts";

export interface SubscriptionStatus {
  readonly state: "active" | "paused" | "failing" | "expired";
  /** Everything up to here is settled. */
  readonly cursor: string;
  readonly position: number;
  /** Events still to come, those that are under way included. */
  readonly lag: number;
  /** Whether `lag` is an upper bound: more wait in the log than were looked at. */
  readonly lagAtMost: boolean;
  /** Age of the oldest event that is not settled; 0 when there is none. */
  readonly oldestAgeMs: number;
  readonly inFlight: number;
  /** Events of other clusters that an ordered subscription keeps until what was published before them is here. */
  readonly heldBack: number;
  /** What the first of those waits for. */
  readonly waitsFor: ArrivalGap | null;
  readonly delivered: number;
  /** Failed attempts. */
  readonly failed: number;
  readonly deadLettered: number;
  readonly filtered: number;
  readonly expired: number;
  /** Removed by retention before it could be delivered. */
  readonly evicted: number;
  readonly lastError: string | null;
}

export async function toStatus(store: EventStore, consumer: Consumer): Promise<SubscriptionStatus> {
  const { queue } = consumer.group;
  const position = queue.settledUpTo;
  const { heldBack } = queue;
  return {
    state: toState(store, consumer),
    cursor: toCursor(store, position),
    position,
    lag: queue.lag,
    lagAtMost: queue.lagAtMost,
    oldestAgeMs: queue.lag === 0 ? 0 : await oldestAgeMs(store, position),
    inFlight: queue.inFlight,
    heldBack: heldBack?.events ?? 0,
    waitsFor: heldBack?.gap ?? null,
    delivered: queue.counts.acknowledged,
    failed: consumer.worker?.stats.failed ?? consumer.pull?.failed ?? 0,
    deadLettered: queue.counts.deadLettered,
    filtered: queue.counts.filtered,
    expired: queue.counts.expired,
    evicted: queue.counts.evicted,
    lastError: consumer.worker?.stats.lastError ?? consumer.record.paused,
  };
}

/** The part of the status that needs no look into the log. */
export function toState(store: EventStore, { record, worker }: Consumer): SubscriptionStatus["state"] {
  if (record.expiresAtAge !== null && store.now() >= record.expiresAtAge) return "expired";
  if (record.paused !== null) return "paused";
  return worker?.failing ? "failing" : "active";
}

async function oldestAgeMs(store: EventStore, settledUpTo: number): Promise<number> {
  const [oldest] = await store.read({ after: settledUpTo, eventsMax: 1, bytesMax: 1 });
  return oldest === undefined ? 0 : Math.max(0, Math.round(store.now() - oldest.acceptedAge));
}
