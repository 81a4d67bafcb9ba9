/** Answers which events are still needed, as the node tells its store (`EventStore.setNeeded`). */

import type { NeededEvents as Needed, PositionRange } from "../../node/event_store.ts";
import { type Interval, IntervalSet } from "../../node/interval_set.ts";
import { patternWants } from "../../node/system_topics.ts";
import { patternsOverlap } from "../../node/topic.ts";

export type { Needed };

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
  readonly #open: readonly Needed[];
  /** Every event at these positions is needed. */
  readonly #positions: IntervalSet;
  readonly #lowest = new Map<string, number>();

  constructor(list: readonly Needed[]) {
    this.list = list;
    this.from = lowest(list);
    this.#open = list.filter(({ to }) => to === undefined);
    this.allFrom = lowest(this.#open.filter(({ pattern }) => pattern === ">"));
    this.#positions = new IntervalSet(list.flatMap((need) => need.to === undefined ? [] : [toInterval(need)]));
  }

  has({ topic, position }: { readonly topic: string; readonly position: number }): boolean {
    if (position < this.from) return false;
    return position >= this.allFrom || this.#positions.has(position) || position >= this.#fromOf(topic);
  }

  /** Whether every event in `wanted` is needed, whatever its topic; `false`, too, where that cannot be said. */
  hasAll(wanted: PositionRange): boolean {
    if (wanted.from >= this.allFrom) return true;
    return wanted.from > 0 && this.#positions.covers(...toInterval(wanted)); // nothing is at 0
  }

  /** Whether some event in `wanted`, of topics that fit a pattern, may be needed. */
  mayHave(wanted: PositionRange, topics = ">"): boolean {
    if (wanted.to < this.from) return false;
    if (this.#open.some(({ from, pattern }) => from <= wanted.to && patternsOverlap(pattern, topics))) return true;
    return this.#positions.intersects(...toInterval(wanted));
  }

  #fromOf(topic: string): number {
    let from = this.#lowest.get(topic);
    if (from !== undefined) return from;
    from = lowest(this.#open.filter(({ pattern }) => patternWants(pattern, topic)));
    if (this.#lowest.size >= TOPICS_MAX) this.#lowest.clear();
    this.#lowest.set(topic, from);
    return from;
  }
}

/** Positions from 1 on; without an end, all that can be. */
export function toInterval({ from, to = Number.MAX_SAFE_INTEGER }: { from: number; to?: number }): Interval {
  return [Math.max(0, from - 1), to];
}

function lowest(list: readonly Needed[]): number {
  return list.reduce((least, { from }) => Math.min(least, from), Infinity);
}
