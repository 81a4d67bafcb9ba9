/** Remembers where events that nobody needs may still be, so that a log full of needed ones is not searched again and again. */

import type { Needed } from "./needed_events.ts";

/**
 * The log is searched from its beginning. What the search left was needed when it passed; it may be dispensable now only
 * where a subscription has moved on since: between where it was and where it is.
 */
export class UnneededSearch {
  #told = new Map<string, number>(); // lowest position needed, by pattern
  #searchedTo = 0;
  // The one stretch of what was searched that is to be searched again: it covers all that subscriptions moved over.
  #againFrom = Infinity;
  #againTo = 0;

  /** What is needed now. */
  tell(needed: readonly Needed[]): void {
    const now = new Map<string, number>();
    for (const { pattern, from } of needed) now.set(pattern, Math.min(from, now.get(pattern) ?? Infinity));
    for (const [pattern, from] of this.#told) {
      const to = (now.get(pattern) ?? Infinity) - 1;
      if (to < from || from > this.#searchedTo) continue;
      this.#againFrom = Math.min(this.#againFrom, from);
      this.#againTo = Math.min(Math.max(this.#againTo, to), this.#searchedTo);
    }
    this.#told = now;
  }

  /** The first position worth a look. */
  get next(): number {
    return this.#againFrom <= this.#againTo ? this.#againFrom : this.#searchedTo + 1;
  }

  /** All events from `next` to `position` that are not needed have been removed. */
  searched(position: number): void {
    if (this.#againFrom <= this.#againTo) {
      this.#againFrom = position + 1;
      if (position < this.#againTo) return;
      this.#againFrom = Infinity;
      this.#againTo = 0;
    }
    this.#searchedTo = Math.max(this.#searchedTo, position);
  }

  /** Nothing of what was removed is to be relied on. */
  restart(): void {
    this.#told.clear();
    this.#searchedTo = this.#againTo = 0;
    this.#againFrom = Infinity;
  }
}
