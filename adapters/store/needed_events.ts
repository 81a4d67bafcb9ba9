/** Answers which events are still needed, as the node tells its store (`EventStore.setNeeded`). */

import type { NeededEvents as Needed } from "../../node/event_store.ts";
import { patternWants } from "../../node/system_topics.ts";
import { patternsOverlap } from "../../node/topic.ts";

export type { Needed };

/** Said for a node that has not yet told what it needs, as while it starts. */
export const EVERYTHING: readonly Needed[] = [{ pattern: ">", from: 0 }];

/** Topics whose lowest needed position is remembered; beyond, all are forgotten and learnt anew. */
const TOPICS_MAX = 10_000;

/** Positions, both ends included. */
export interface PositionRange {
  readonly from: number;
  readonly to: number;
}

/** One answer of the node, asked about many events: a topic is matched once. */
export class NeededEvents {
  readonly list: readonly Needed[];
  /** Nobody needs an event before this position; `Infinity` when nobody needs any. */
  readonly from: number;
  /** Every event from this position on is needed; `Infinity` when that cannot be said. */
  readonly allFrom: number;
  readonly #open: readonly Needed[];
  /** Every event in these is needed; in the order of positions, apart from each other. */
  readonly #ranges: readonly PositionRange[];
  readonly #lowest = new Map<string, number>();

  constructor(list: readonly Needed[]) {
    this.list = list;
    this.from = lowest(list);
    this.#open = list.filter(({ to }) => to === undefined);
    this.allFrom = lowest(this.#open.filter(({ pattern }) => pattern === ">"));
    this.#ranges = joined(list.flatMap(({ from, to }) => to === undefined ? [] : [{ from, to }]));
  }

  has({ topic, position }: { readonly topic: string; readonly position: number }): boolean {
    if (position < this.from) return false;
    return position >= this.allFrom || this.hasAll({ from: position, to: position }) || position >= this.#fromOf(topic);
  }

  /** Whether every event in `wanted` is needed, whatever its topic; `false`, too, where that cannot be said. */
  hasAll(wanted: PositionRange): boolean {
    const range = this.#ranges[firstThatEndsAt(wanted.from, this.#ranges)];
    return wanted.from >= this.allFrom || (range !== undefined && range.from <= wanted.from && wanted.to <= range.to);
  }

  /** Whether some event in `wanted`, of topics that fit a pattern, may be needed. */
  mayHave(wanted: PositionRange, topics = ">"): boolean {
    if (wanted.to < this.from) return false;
    if (this.#open.some(({ from, pattern }) => from <= wanted.to && patternsOverlap(pattern, topics))) return true;
    const range = this.#ranges[firstThatEndsAt(wanted.from, this.#ranges)];
    return range !== undefined && range.from <= wanted.to;
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

/** The same positions, in order; ranges that touch become one. */
export function joined(ranges: readonly PositionRange[]): PositionRange[] {
  const all: { from: number; to: number }[] = [];
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (last !== undefined && from <= last.to + 1) last.to = Math.max(last.to, to);
    else if (from <= to) all.push({ from, to });
  }
  return all;
}

function lowest(list: readonly Needed[]): number {
  return list.reduce((least, { from }) => Math.min(least, from), Infinity);
}

/** Index of the first range whose end is at or behind a position. */
function firstThatEndsAt(position: number, ranges: readonly PositionRange[]): number {
  let low = 0;
  for (let high = ranges.length; low < high;) {
    const middle = (low + high) >>> 1;
    if (ranges[middle].to < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
