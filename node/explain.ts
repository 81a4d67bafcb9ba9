/** Who would get an event, and what stops it elsewhere; asks what dispatch and delivery ask, and sends nothing. */

import type { ArrivalGap } from "./arrival_order.ts";
import { isForReader } from "./audience.ts";
import { readerOf } from "./delivery/queue_group.ts";
import type { CloudEvent } from "./event.ts";
import type { Audience } from "./event_store.ts";
import type { Consumer, Subscriptions } from "./subscriptions/subscriptions.ts";

/** Stable codes. */
export type ExplainReason =
  | "OK"
  | "NO_SUBSCRIBER"
  | "FILTERED"
  | "PAUSED"
  | "EXPIRED"
  | "SINK_FAILING"
  /** It is ordered, and holds events back until what their origin published before them is here. */
  | "WAITS_FOR_GAP"
  /** It takes only what is published in its own cluster. */
  | "OUT_OF_SCOPE"
  /** Another cluster was picked for its group. */
  | "GROUP_ELSEWHERE"
  /** The event's time to live is over: it is stored, and delivered to nobody. */
  | "EVENT_EXPIRED";

export interface ExplainedSubscription {
  readonly id: string;
  readonly group: string | null;
  readonly match: boolean;
}

export interface ExplainedDestination {
  readonly cluster: string;
  readonly path: readonly string[];
  readonly cost: number;
  readonly state: "local";
  readonly reason: ExplainReason;
  readonly detail: string;
  readonly subscriptions: readonly ExplainedSubscription[];
  /** Streams that get it; they have no names. */
  readonly streams: number;
}

export interface StoppedSubscription {
  /** The cluster in which it is stopped. */
  readonly where: string;
  readonly subscription: string | null;
  readonly reason: ExplainReason;
  readonly detail: string;
}

export interface Explanation {
  readonly topic: string;
  readonly destinations: readonly ExplainedDestination[];
  readonly stopped: readonly StoppedSubscription[];
}

export interface ExplainQuestion {
  readonly cluster: string;
  readonly topic: string;
  readonly event: CloudEvent;
  /** Streams that get it. */
  readonly streams: number;
  /** For whom it would be here; `everybody` if it is published here. */
  readonly audience: Audience;
  /** Why nobody at all gets it, whatever they want. */
  readonly stop?: Verdict;
}

export function explain(
  subscriptions: Subscriptions,
  question: ExplainQuestion,
): Explanation {
  const { cluster, topic } = question;
  const matched: ExplainedSubscription[] = [];
  const stopped: StoppedSubscription[] = [];
  for (const consumer of subscriptions) {
    const verdict = judge(consumer, question);
    const id = consumer.record.subscription.id;
    if (verdict === undefined) continue; // the topic does not fit: it has nothing to do with this event
    if (verdict.reason !== "OK") stopped.push({ where: cluster, subscription: id, ...verdict });
    if (DELIVERS_YET.has(verdict.reason)) {
      matched.push({ id, group: consumer.record.subscription.config.group ?? null, match: true });
    }
  }
  const streams = question.stop === undefined ? question.streams : 0;
  if (matched.length === 0 && streams === 0) {
    if (stopped.length === 0) stopped.push({ where: cluster, subscription: null, ...question.stop ?? NOBODY });
    return { topic, destinations: [], stopped };
  }
  const detail = toReceiversDetail(matched.length, streams);
  const local = { cluster, path: [cluster], cost: 0, state: "local", reason: "OK", detail } as const;
  return { topic, destinations: [{ ...local, subscriptions: matched, streams }], stopped };
}

/** In words: "1 subscription and 2 streams of this cluster get it". */
export function toReceiversDetail(subscriptions: number, streams: number): string {
  const count = (number: number, word: string) => number === 0 ? [] : [`${number} ${word}${number === 1 ? "" : "s"}`];
  const who = [...count(subscriptions, "subscription"), ...count(streams, "stream")].join(" and ");
  return `${who} of this cluster ${subscriptions + streams === 1 ? "gets" : "get"} it`;
}

/** With these the event is for the subscription all the same, now or later. */
const DELIVERS_YET: ReadonlySet<ExplainReason> = new Set(["OK", "SINK_FAILING", "WAITS_FOR_GAP"]);

export interface Verdict {
  readonly reason: ExplainReason;
  readonly detail: string;
}

const NOBODY: Verdict = {
  reason: "NO_SUBSCRIBER",
  detail: "no subscription and no stream of this cluster wants this topic",
};

/** What is said of an event whose time is over when it comes. */
export const EVENT_EXPIRED: Verdict = {
  reason: "EVENT_EXPIRED",
  detail: "its time to live is over: it would be stored, and delivered to nobody",
};

function judge(consumer: Consumer, { topic, event, audience, stop: general }: ExplainQuestion): Verdict | undefined {
  const { interest, record, worker, pull, group } = consumer;
  if (!interest.fits(topic)) return undefined;
  if (general !== undefined) return general;
  const reader = readerOf(group.key, group.record);
  if (!isForReader(audience, reader)) {
    if (reader.ownOnly) return { reason: "OUT_OF_SCOPE", detail: "it takes only what is published in its own cluster" };
    return { reason: "GROUP_ELSEWHERE", detail: `another cluster was picked for its group "${reader.group}"` };
  }
  const stop = interest.explain(topic, event);
  if (stop !== undefined) return { reason: "FILTERED", detail: `${stop.path}: ${stop.detail}` };
  if (record.paused !== null) {
    return { reason: "PAUSED", detail: `${record.paused}; it is kept and delivered when resumed` };
  }
  if (worker === undefined && pull === undefined) return { reason: "EXPIRED", detail: "the subscription has expired" };
  if (worker?.failing) {
    const state = worker.circuitOpen ? "the sink fails and is spared" : "the last attempt at its sink failed";
    return { reason: "SINK_FAILING", detail: `${state}: ${worker.stats.lastError}; it is kept and tried again` };
  }
  const held = group.queue.heldBack;
  if (held?.gap !== undefined) return { reason: "WAITS_FOR_GAP", detail: toHeldText(held.events, held.gap) };
  return { reason: "OK", detail: "it is delivered" };
}

function toHeldText(events: number, { origin, epoch, from, to }: ArrivalGap): string {
  const waitsFor = from === 0
    ? `the word of "${origin}" on what it published before epoch ${epoch}`
    : `events ${from} to ${to} of "${origin}", or the end of those that are for this cluster`;
  return `ordered: ${events} events are held back until ${waitsFor} is here`;
}
