/** Metrics of a node: events, deliveries, subscriptions, streams and the store. */

import type { WeftNode } from "../../node/mod.ts";
import { Histogram } from "./histogram.ts";
import { counter, gauge, histogram, type MetricDefinition, type Sample } from "./metric.ts";

/** Events in one commit: from a lone publisher to a full block. */
const COMMIT_BOUNDS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

const OUTCOMES = {
  acknowledged: "acknowledged",
  filtered: "filtered",
  expired: "expired",
  deadLettered: "dead_lettered",
  evicted: "evicted",
} as const;

type Outcome = keyof typeof OUTCOMES;

/** Listens to the store from now on, for commits and their sizes. */
export function nodeMetrics(node: WeftNode): MetricDefinition[] {
  return [
    gauge("weft_node_info", "Always 1; the labels say which node this is.", () => [
      { labels: { node: node.id, cluster: node.cluster, federation: node.federation }, value: 1 },
    ]),
    counter("weft_events_accepted_total", "Events stored for publishers.", () => node.acceptor.counts.accepted),
    counter(
      "weft_events_duplicate_total",
      "Publishes that repeated an event within the publish window.",
      () => node.acceptor.counts.duplicates,
    ),
    gauge("weft_streams", "Streams connected.", () => node.streams),
    gauge(
      "weft_dead_letters",
      "Dead letters held, until they are redriven or purged.",
      () => node.store.stats().documents["dead-letter"] ?? 0,
    ),
    ...deliveryMetrics(node),
    ...storeMetrics(node),
  ];
}

function deliveryMetrics(node: WeftNode): MetricDefinition[] {
  const tally = new DeliveryTally(node);
  return [
    counter("weft_deliveries_total", "Events settled for a subscription or group, by outcome.", () => tally.outcomes()),
    counter(
      "weft_delivery_failures_total",
      "Attempts that failed, whether tried again or not.",
      () => tally.failures(),
    ),
    gauge(
      "weft_deliveries_in_flight",
      "Deliveries that wait for an acknowledgement.",
      () => sum(tally.groups(), inFlight),
    ),
    gauge("weft_subscriptions", "Subscriptions, by state.", () => subscriptionStates(node)),
    gauge(
      "weft_subscription_lag_events_max",
      "Events of its topics that the subscription furthest behind has yet to settle; an upper bound where over a thousand wait.",
      () => tally.groups().reduce((most, { queue }) => Math.max(most, queue.lag), 0),
    ),
  ];
}

type Group = WeftNode["subscriptions"] extends Iterable<{ group: infer G }> ? G : never;

function inFlight({ queue }: Group): number {
  return queue.inFlight;
}

function subscriptionStates(node: WeftNode): Sample[] {
  const counts = { active: 0, paused: 0, failing: 0, expired: 0 };
  for (const consumer of node.subscriptions) counts[node.subscriptions.state(consumer)]++;
  return Object.entries(counts).map(([state, value]) => ({ labels: { state }, value }));
}

/** Sums over groups that never go back when a subscription is deleted, as a counter must not. */
class DeliveryTally {
  readonly #node: WeftNode;
  readonly #seen = new WeakMap<object, Readonly<Record<string, number>>>();
  readonly #totals: Record<Outcome, number> = { acknowledged: 0, filtered: 0, expired: 0, deadLettered: 0, evicted: 0 };
  #failures = 0;

  constructor(node: WeftNode) {
    this.#node = node;
  }

  groups(): Group[] {
    return [...new Set([...this.#node.subscriptions].map(({ group }) => group))];
  }

  outcomes(): Sample[] {
    for (const { queue } of this.groups()) {
      for (const outcome of Object.keys(OUTCOMES) as Outcome[]) {
        this.#totals[outcome] += this.#grown(queue, outcome, queue.counts[outcome]);
      }
    }
    return (Object.keys(OUTCOMES) as Outcome[]).map((outcome) => ({
      labels: { outcome: OUTCOMES[outcome] },
      value: this.#totals[outcome],
    }));
  }

  failures(): number {
    for (const { worker, pull } of this.#node.subscriptions) {
      if (worker !== undefined) this.#failures += this.#grown(worker, "failed", worker.stats.failed);
      if (pull !== undefined) this.#failures += this.#grown(pull, "failed", pull.failed);
    }
    return this.#failures;
  }

  /** By how much a number of that owner has grown since it was last read here. */
  #grown(owner: object, name: string, value: number): number {
    const seen = this.#seen.get(owner) ?? {};
    this.#seen.set(owner, { ...seen, [name]: value });
    return Math.max(0, value - (seen[name] ?? 0));
  }
}

function storeMetrics({ store }: WeftNode): MetricDefinition[] {
  const commitEvents = new Histogram(COMMIT_BOUNDS);
  store.onAppend((events) => commitEvents.observe(events.length));
  return [
    gauge("weft_store_events", "Events in the log.", () => store.stats().events),
    gauge("weft_store_log_bytes", "Bytes of the events in the log.", () => store.stats().logBytes),
    gauge(
      "weft_store_stored_bytes",
      "Bytes that the store takes on disk, or of memory.",
      () => store.stats().storedBytes,
    ),
    gauge("weft_store_capacity_bytes", "Bytes that the log may have (store.maxBytes).", () => store.stats().bytesMax),
    counter(
      "weft_store_retired_events_total",
      "Events removed by retention since the store was opened.",
      () => store.stats().retired,
    ),
    counter(
      "weft_store_evicted_events_total",
      "Of the removed events, those that a subscription still needed.",
      () => store.stats().evicted,
    ),
    gauge("weft_store_head_position", "Position of the newest event.", () => store.head),
    gauge("weft_store_tail_position", "Position of the oldest event that is kept.", () => store.tail),
    histogram("weft_store_commit_events", "Events that shared one durable write.", commitEvents),
  ];
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
