/** Remembers where events that nobody needs may still be, so that a log full of needed ones is not searched again and again. */

import { joined, type Needed, type PositionRange } from "./needed_events.ts";

/** More stretches than this are searched as one, with what lies between them. */
const STRETCHES_MAX = 1024;

/**
 * The log is searched from its beginning. What the search left was needed when it passed; it may be dispensable now only
 * where that need has ended since: between where a subscription was and where it is, or in a range that shrank.
 */
export class UnneededSearch {
  #told = new Map<string, readonly PositionRange[]>(); // what was needed, by pattern
  #searchedTo = 0;
  /** Stretches of what was searched that are to be searched again, in order. */
  #again: PositionRange[] = [];

  /** What is needed now. */
  tell(needed: readonly Needed[]): void {
    const now = byPattern(needed);
    const freed: PositionRange[] = [];
    for (const [pattern, ranges] of this.#told) {
      for (const { from, to } of without(ranges, now.get(pattern) ?? [])) {
        if (from <= this.#searchedTo) freed.push({ from, to: Math.min(to, this.#searchedTo) });
      }
    }
    if (freed.length > 0) this.#again = fewer(joined([...this.#again, ...freed]));
    this.#told = now;
  }

  /** The first position worth a look. */
  get next(): number {
    return this.#again[0]?.from ?? this.#searchedTo + 1;
  }

  /** All events from `next` to `position` that are not needed have been removed. */
  searched(position: number): void {
    const wasAgain = this.#again.length > 0;
    this.#again = without(this.#again, [{ from: 0, to: position }]);
    if (!wasAgain || this.#again.length === 0) this.#searchedTo = Math.max(this.#searchedTo, position);
  }

  /** Nothing of what was removed is to be relied on. */
  restart(): void {
    this.#told.clear();
    this.#searchedTo = 0;
    this.#again = [];
  }
}

function byPattern(needed: readonly Needed[]): Map<string, readonly PositionRange[]> {
  const all = new Map<string, PositionRange[]>();
  for (const { pattern, from, to = Infinity } of needed) all.set(pattern, [...all.get(pattern) ?? [], { from, to }]);
  return new Map([...all].map(([pattern, ranges]) => [pattern, joined(ranges)]));
}

function fewer(ranges: PositionRange[]): PositionRange[] {
  return ranges.length <= STRETCHES_MAX ? ranges : [{ from: ranges[0].from, to: ranges[ranges.length - 1].to }];
}

/** What of `ranges` is not in `taken`; both in order, each apart from its neighbours. */
function without(ranges: readonly PositionRange[], taken: readonly PositionRange[]): PositionRange[] {
  const rest: PositionRange[] = [];
  let i = 0;
  for (const { from, to } of ranges) {
    let at = from;
    while (i < taken.length && taken[i].to < at) i++;
    for (let j = i; at <= to && j < taken.length && taken[j].from <= to; j++) {
      if (taken[j].from > at) rest.push({ from: at, to: taken[j].from - 1 });
      at = Math.max(at, taken[j].to + 1);
    }
    if (at <= to) rest.push({ from: at, to });
  }
  return rest;
}
