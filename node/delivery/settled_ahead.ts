/**
 * Positions beyond a queue's place in the log that are settled already: acknowledged after a kill, before they were read
 * again, or delivered before their turn, since their origin had published them earlier than what stands before them.
 */

import { IntervalSet } from "../interval_set.ts";

/** Consecutive positions. */
export type PositionRun = readonly [first: number, count: number];

/** Runs kept at most: more than may be open at a time, and so more than a kill can leave behind. */
const RUNS_MAX = 20_000;

export class SettledAhead {
  #positions: IntervalSet;

  constructor(runs: readonly PositionRun[] = []) {
    this.#positions = new IntervalSet(runs.map(([first, count]) => [first - 1, first + count - 1]));
  }

  get isFull(): boolean {
    return this.#positions.count >= RUNS_MAX;
  }

  /** The highest position, 0 when there is none. */
  get highest(): number {
    return this.#positions.last ?? 0;
  }

  /** Whether it is new; false also when there are too many, and then the event comes again. */
  add(position: number): boolean {
    if (this.isFull && !this.#touches(position)) return false;
    return this.#positions.add(position - 1, position) > 0;
  }

  has(position: number): boolean {
    return this.#positions.has(position);
  }

  clear(): void {
    this.#positions = new IntervalSet();
  }

  /** Those after `position`, ascending; the others are of no use any more. */
  after(position: number): PositionRun[] {
    this.#positions.trimBelow(position + 1);
    return this.#positions.toArray().map(([before, last]) => [before + 1, last - before]);
  }

  /** Whether it makes one run longer, and none more. */
  #touches(position: number): boolean {
    return this.#positions.intersects(Math.max(0, position - 2), position + 1);
  }
}
