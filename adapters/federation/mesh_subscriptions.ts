/** Subscriptions of every cluster that can be reached. */

import * as v from "valibot";

import type { Federation } from "../../federation/mod.ts";
import type { WeftNode } from "../../node/mod.ts";
import { ask, NameSchema } from "./ask.ts";

/** A subscription as its node shows it, with where it lives. */
export type PlacedSubscription = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly cluster: string;
  readonly node: string;
};

export const SubscriptionsQuestionSchema = v.object({ after: v.optional(NameSchema) });

const AnswerSchema = v.object({
  subscriptions: v.pipe(v.array(v.looseObject({ id: NameSchema, node: NameSchema })), v.maxLength(500)),
  more: v.boolean(),
});

/** Of one answer: what a message may hold, with room to spare. */
const ROWS_MAX = 200;
const CHARACTERS_MAX = 200_000;
/** Of one cluster: more nobody reads. */
const PAGES_MAX = 10;
const CLUSTERS_MAX = 64;

/** Those of this node after an id, as many as an answer holds. */
export async function listOwnSubscriptions(
  { subscriptions, id: node }: WeftNode,
  after: string | undefined,
): Promise<{ subscriptions: Record<string, unknown>[]; more: boolean }> {
  const rows: Record<string, unknown>[] = [];
  let characters = 0;
  for (const consumer of subscriptions.list(after, ROWS_MAX)) {
    const row = { ...subscriptions.toResource(consumer), status: await subscriptions.status(consumer), node };
    characters += JSON.stringify(row).length;
    if (rows.length > 0 && characters > CHARACTERS_MAX) return { subscriptions: rows, more: true };
    rows.push(row);
  }
  return { subscriptions: rows, more: rows.length === ROWS_MAX };
}

/** In order of cluster and id; `missing`: clusters that did not answer. */
export async function listMeshSubscriptions(
  federation: Federation,
): Promise<{ subscriptions: PlacedSubscription[]; missing: string[] }> {
  const clusters = [federation.self, ...federation.topology.table.reachable()].slice(0, CLUSTERS_MAX).sort();
  const lists = await Promise.all(clusters.map((cluster) => listOf(federation, cluster)));
  return {
    subscriptions: lists.flatMap((list) => list ?? []),
    missing: clusters.filter((_, i) => lists[i] === undefined),
  };
}

async function listOf(federation: Federation, cluster: string): Promise<PlacedSubscription[] | undefined> {
  const all: PlacedSubscription[] = [];
  for (let page = 0; page < PAGES_MAX; page++) {
    const body = { after: all.at(-1)?.id };
    const answer = await ask(federation, cluster, { kind: "subscriptions", body, answer: AnswerSchema });
    if (answer === undefined) return undefined;
    all.push(...answer.subscriptions.map((subscription) => ({ ...subscription, cluster })));
    if (!answer.more || answer.subscriptions.length === 0) break;
  }
  return all;
}
