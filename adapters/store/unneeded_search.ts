/** Remembers where events that nobody needs may still be, so that a log full of needed ones is not searched again and again. */

import { IntervalSet } from "../../node/interval_set.ts";
import { type Needed, toInterval } from "./needed_events.ts";

/** More stretches than this are searched as one, with what lies between them. */
const STRETCHES_MAX = 1024;
const NOTHING = new IntervalSet();

/**
 * The log is searched from its beginning. What the search left was needed when it passed; it may be dispensable now only
 * where that need has ended since: between where a subscription was and where it is, or in a range that shrank.
 */
export class UnneededSearch {
  #told = new Map<string, IntervalSet>(); // positions that were needed, by pattern
  #searchedTo = 0;
  /** Of what was searched, what is to be searched again. */
  #again = new IntervalSet();

  /** What is needed now. */
  tell(needed: readonly Needed[]): void {
    const now = byPattern(needed);
    for (const [pattern, freed] of this.#told) {
      freed.subtract(now.get(pattern) ?? NOTHING);
      for (const stretch of freed.within(0, this.#searchedTo)) this.#again.add(...stretch);
    }
    if (this.#again.count > STRETCHES_MAX) this.#again.add(this.#again.first! - 1, this.#again.last!);
    this.#told = now;
  }

  /** The first position worth a look. */
  get next(): number {
    return this.#again.first ?? this.#searchedTo + 1;
  }

  /** All events from `next` to `position` that are not needed have been removed. */
  searched(position: number): void {
    const wasAgain = this.#again.count > 0;
    this.#again.trimBelow(position + 1);
    if (!wasAgain || this.#again.count === 0) this.#searchedTo = Math.max(this.#searchedTo, position);
  }

  /** Nothing of what was removed is to be relied on. */
  restart(): void {
    this.#told.clear();
    this.#searchedTo = 0;
    this.#again = new IntervalSet();
  }
}

function byPattern(needed: readonly Needed[]): Map<string, IntervalSet> {
  const all = new Map<string, IntervalSet>();
  for (const need of needed) {
    const positions = all.get(need.pattern) ?? new IntervalSet();
    all.set(need.pattern, positions);
    positions.add(...toInterval(need));
  }
  return all;
}
