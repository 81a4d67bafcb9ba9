/** Who would get an event, and what stops it elsewhere; asks what dispatch and delivery ask, and sends nothing. */

import type { CloudEvent } from "./event.ts";
import type { Consumer, Subscriptions } from "./subscriptions/subscriptions.ts";

/** Stable codes. */
export type ExplainReason = "OK" | "NO_SUBSCRIBER" | "FILTERED" | "PAUSED" | "EXPIRED" | "SINK_FAILING";

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

export function explain(
  subscriptions: Subscriptions,
  question: { cluster: string; topic: string; event: CloudEvent; streams: number },
): Explanation {
  const { cluster, topic, event } = question;
  const matched: ExplainedSubscription[] = [];
  const stopped: StoppedSubscription[] = [];
  for (const consumer of subscriptions) {
    const verdict = judge(consumer, topic, event);
    const id = consumer.record.subscription.id;
    if (verdict === undefined) continue; // the topic does not fit: it has nothing to do with this event
    if (verdict.reason !== "OK") stopped.push({ where: cluster, subscription: id, ...verdict });
    if (verdict.reason === "OK" || verdict.reason === "SINK_FAILING") {
      matched.push({ id, group: consumer.record.subscription.config.group ?? null, match: true });
    }
  }
  if (matched.length === 0 && question.streams === 0) {
    if (stopped.length === 0) stopped.push({ where: cluster, subscription: null, ...NOBODY });
    return { topic, destinations: [], stopped };
  }
  const detail = `${matched.length} subscriptions and ${question.streams} streams of this cluster get it`;
  const local = { cluster, path: [cluster], cost: 0, state: "local", reason: "OK", detail } as const;
  return { topic, destinations: [{ ...local, subscriptions: matched }], stopped };
}

interface Verdict {
  readonly reason: ExplainReason;
  readonly detail: string;
}

const NOBODY: Verdict = {
  reason: "NO_SUBSCRIBER",
  detail: "no subscription and no stream of this cluster wants this topic",
};

function judge(consumer: Consumer, topic: string, event: CloudEvent): Verdict | undefined {
  const { interest, record, worker, pull } = consumer;
  if (!interest.fits(topic)) return undefined;
  const stop = interest.explain(topic, event);
  if (stop !== undefined) return { reason: "FILTERED", detail: `${stop.path}: ${stop.detail}` };
  if (record.paused !== null) {
    return { reason: "PAUSED", detail: `${record.paused}; it is kept and delivered when resumed` };
  }
  if (worker === undefined && pull === undefined) return { reason: "EXPIRED", detail: "the subscription has expired" };
  if (worker?.circuitOpen) {
    return {
      reason: "SINK_FAILING",
      detail: `the sink fails and is spared: ${worker.stats.lastError}; it is kept and tried again`,
    };
  }
  return { reason: "OK", detail: "it is delivered" };
}
