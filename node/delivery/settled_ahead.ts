/**
 * Positions beyond a queue's place in the log that are settled already: acknowledged after a kill, before they were read
 * again, or delivered before their turn, since their origin had published them earlier than what stands before them.
 */

/** Consecutive positions. */
export type PositionRun = readonly [first: number, count: number];

/** Runs kept at most: more than may be open at a time, and so more than a kill can leave behind. */
const RUNS_MAX = 20_000;

export class SettledAhead {
  /** Ascending; they neither overlap nor touch. */
  #runs: [first: number, count: number][];

  constructor(runs: readonly PositionRun[] = []) {
    this.#runs = runs.map(([first, count]) => [first, count]);
  }

  get isFull(): boolean {
    return this.#runs.length >= RUNS_MAX;
  }

  /** The highest position, 0 when there is none. */
  get highest(): number {
    const last = this.#runs.at(-1);
    return last === undefined ? 0 : last[0] + last[1] - 1;
  }

  /** Whether it is new; false also when there are too many, and then the event comes again. */
  add(position: number): boolean {
    const at = this.#indexOf(position);
    const before = this.#runs[at];
    if (before !== undefined && position < before[0] + before[1]) return false;
    const next = this.#runs[at + 1];
    const joinsBefore = before !== undefined && before[0] + before[1] === position;
    const joinsNext = next !== undefined && next[0] === position + 1;
    if (joinsBefore) {
      before[1] += 1 + (joinsNext ? next[1] : 0);
      if (joinsNext) this.#runs.splice(at + 1, 1);
    } else if (joinsNext) this.#runs[at + 1] = [position, next[1] + 1];
    else if (this.isFull) return false;
    else this.#runs.splice(at + 1, 0, [position, 1]);
    return true;
  }

  has(position: number): boolean {
    const run = this.#runs[this.#indexOf(position)];
    return run !== undefined && position < run[0] + run[1];
  }

  clear(): void {
    this.#runs = [];
  }

  /** Those after `position`, ascending; the others are of no use any more. */
  after(position: number): PositionRun[] {
    const kept = this.#runs.filter(([first, count]) => first + count - 1 > position);
    this.#runs = kept.map(([first, count]) =>
      first > position ? [first, count] : [position + 1, first + count - 1 - position]
    );
    return this.#runs.map(([first, count]) => [first, count]);
  }

  /** Index of the last run that begins at or before a position; −1 if there is none. */
  #indexOf(position: number): number {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#runs[middle][0] <= position) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
