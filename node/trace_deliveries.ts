/** What became of an event at each subscription of this node, after the fact. */

import { isForReader } from "./audience.ts";
import type { DeadLetters } from "./dead_letters.ts";
import { readerOf } from "./delivery/queue_group.ts";
import type { RecentOutcomes } from "./delivery/recent_outcomes.ts";
import type { Audience, StoredEvent } from "./event_store.ts";
import type { Consumer, Subscriptions } from "./subscriptions/subscriptions.ts";

/** Stable codes. */
export type TracedOutcome = "acknowledged" | "retry" | "failed" | "filtered" | "expired" | "deadLettered" | "pending";

export interface TracedDelivery {
  readonly subscription: string;
  /** 0: it was not tried. */
  readonly attempt: number;
  /** Wall clock, ms since 1970; `null`: when is not known any more, or it is yet to come. */
  readonly at: number | null;
  readonly outcome: TracedOutcome;
  readonly detail: string;
}

/** Dead letters that are looked through for the one of an event. */
const LETTERS_MAX = 10_000;

export interface TraceSources {
  readonly subscriptions: Subscriptions;
  readonly deadLetters: DeadLetters;
  readonly outcomes: RecentOutcomes;
}

/** In order of subscription, each one's attempts in the order of time. Subscriptions that the topic does not fit are left out. */
export async function traceDeliveries(sources: TraceSources, stored: StoredEvent): Promise<TracedDelivery[]> {
  const attempts = sources.outcomes.find(stored.position);
  const traced: TracedDelivery[] = [];
  const named = new Set<string>();
  const consumers = [...sources.subscriptions].sort((a, b) => idOf(a) < idOf(b) ? -1 : 1);
  for (const consumer of consumers) {
    if (!consumer.interest.fits(stored.topic) || !isFor(consumer, stored.audience)) continue;
    named.add(idOf(consumer)).add(consumer.group.record.name);
    const own = attempts.filter(({ subscription }) => subscription === idOf(consumer));
    const byGroup = attempts.filter(({ subscription }) =>
      subscription === consumer.group.record.name && subscription !== idOf(consumer)
    );
    const tried = [...own, ...byGroup].map(({ position: _, subscription: __, ...attempt }) => ({
      subscription: idOf(consumer),
      ...attempt,
    }));
    traced.push(...tried);
    if (!tried.some(({ outcome }) => outcome !== "retry")) {
      traced.push(...await derive(sources, { consumer, stored, tried: tried.length, others: attempts }));
    }
  }
  const gone = attempts.filter(({ subscription }) => !named.has(subscription));
  return [...traced, ...gone.map(({ position: _, ...attempt }) => attempt)];
}

/** What follows from where the subscription stands, when nobody remembers how the event ended. */
async function derive(
  { deadLetters }: TraceSources,
  { consumer, stored, tried, others }: {
    consumer: Consumer;
    stored: StoredEvent;
    tried: number;
    others: readonly { readonly subscription: string; readonly outcome: string }[];
  },
): Promise<TracedDelivery[]> {
  const { group, interest, record } = consumer;
  const subscription = idOf(consumer);
  const delivery = (outcome: TracedOutcome, attempt: number, detail: string): TracedDelivery[] => [
    { subscription, attempt, at: null, outcome, detail },
  ];
  const stop = interest.explain(stored.topic, stored.event);
  if (stop !== undefined) return delivery("filtered", 0, `${stop.path}: ${stop.detail}`);
  const open = group.queue.openAt(stored.position);
  if (open !== undefined) return delivery("pending", open.attempts, pendingDetail(consumer, open.state));
  if (stored.position > group.queue.takenUpTo) return delivery("pending", 0, pendingDetail(consumer, "unread"));
  // Another member of the group had it.
  if (others.some((other) => group.subscriptions.has(other.subscription) && other.outcome !== "retry")) return [];
  const letter = await findLetter(deadLetters, subscription, stored);
  if (letter !== undefined) {
    return [{ subscription, attempt: letter.attempts, at: letter.at, outcome: "deadLettered", detail: letter.detail }];
  }
  // A subscription begins with the events after it, unless it was told otherwise.
  if (tried === 0 && stored.acceptedAt < record.createdAt) return [];
  return delivery("acknowledged", tried, "it is settled; when and how is not remembered any more");
}

function pendingDetail({ record, worker, pull }: Consumer, state: string): string {
  if (record.paused !== null) return `${record.paused}; it is kept and delivered when resumed`;
  if (worker === undefined && pull === undefined) return "the subscription has expired";
  if (worker?.circuitOpen) return `the sink fails and is spared: ${worker.stats.lastError}`;
  if (state === "taken") return "it is with the subscriber, who has not acknowledged it yet";
  if (state === "blocked") return "it waits behind an earlier event of its ordering key";
  return pull === undefined ? "it waits to be pushed" : "it waits to be pulled";
}

async function findLetter(deadLetters: DeadLetters, subscription: string, { position, topic }: StoredEvent) {
  let seen = 0;
  for await (const letter of deadLetters.select({ subscription, topic })) {
    if (letter.position === position) return letter;
    if (++seen >= LETTERS_MAX) return undefined;
  }
}

/** Whether its queue takes events of that audience at all. */
function isFor({ group }: Consumer, audience: Audience): boolean {
  return isForReader(audience, readerOf(group.key, group.record));
}

function idOf({ record }: Consumer): string {
  return record.subscription.id;
}
