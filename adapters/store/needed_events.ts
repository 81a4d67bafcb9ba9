/** Answers which events durable subscriptions still need, as the node tells its store (`EventStore.setNeeded`). */

import { patternWants } from "../../node/system_topics.ts";

/** Events of topics that fit, from a position on. */
export interface Needed {
  readonly pattern: string;
  readonly from: number;
}

/** Said for a node that has not yet told what it needs, as while it starts. */
export const EVERYTHING: readonly Needed[] = [{ pattern: ">", from: 0 }];

/** Topics whose lowest needed position is remembered; beyond, all are forgotten and learnt anew. */
const TOPICS_MAX = 10_000;

/** One answer of the node, asked about many events: a topic is matched once. */
export class NeededEvents {
  readonly list: readonly Needed[];
  /** Nobody needs an event before this position; `Infinity` when nobody needs any. */
  readonly from: number;
  /** Every event from this position on is needed; `Infinity` when that cannot be said. */
  readonly allFrom: number;
  readonly #lowest = new Map<string, number>();

  constructor(list: readonly Needed[]) {
    this.list = list;
    this.from = lowest(list);
    this.allFrom = lowest(list.filter(({ pattern }) => pattern === ">"));
  }

  has({ topic, position }: { readonly topic: string; readonly position: number }): boolean {
    return position >= this.from && (position >= this.allFrom || position >= this.#fromOf(topic));
  }

  #fromOf(topic: string): number {
    let from = this.#lowest.get(topic);
    if (from !== undefined) return from;
    from = lowest(this.list.filter(({ pattern }) => patternWants(pattern, topic)));
    if (this.#lowest.size >= TOPICS_MAX) this.#lowest.clear();
    this.#lowest.set(topic, from);
    return from;
  }
}

function lowest(list: readonly Needed[]): number {
  return list.reduce((least, { from }) => Math.min(least, from), Infinity);
}
