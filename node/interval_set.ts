/**
 * A set of whole numbers from 1 to 2⁵³ − 1, kept as sorted intervals (after, to] that neither overlap nor touch: what
 * comes in order is one interval, whatever it counts. 16 bytes an interval.
 */

/** The numbers after `after`, up to `to` and with it. */
export type Interval = readonly [after: number, to: number];

const INTERVALS_AT_FIRST = 4;

export class IntervalSet {
  /** Interval i is (2i, 2i + 1]. */
  #bounds: Float64Array;
  #count = 0;
  #size = 0;

  constructor(intervals: Iterable<Interval> = []) {
    this.#bounds = new Float64Array(2 * INTERVALS_AT_FIRST);
    for (const [after, to] of intervals) this.add(after, to);
  }

  /** Intervals. */
  get count(): number {
    return this.#count;
  }

  /** Numbers. */
  get size(): number {
    return this.#size;
  }

  /** The least number. */
  get first(): number | undefined {
    return this.#count === 0 ? undefined : this.#bounds[0] + 1;
  }

  /** The greatest number. */
  get last(): number | undefined {
    return this.#count === 0 ? undefined : this.#bounds[2 * this.#count - 1];
  }

  has(number: number): boolean {
    const index = this.#firstEnding(number);
    return index < this.#count && this.#bounds[2 * index] < number;
  }

  /** Whether all of (after, to] are in it; true for none. */
  covers(after: number, to: number): boolean {
    if (after >= to) return true;
    const index = this.#firstEnding(to);
    return index < this.#count && this.#bounds[2 * index] <= after;
  }

  /** Whether any of (after, to] is in it. */
  intersects(after: number, to: number): boolean {
    const index = this.#firstEnding(after + 1);
    return after < to && index < this.#count && this.#bounds[2 * index] < to;
  }

  /** The greatest number up to which all after `from` are in it; `from` when the next one is not. */
  contiguousTo(from: number): number {
    const index = this.#firstEnding(from + 1);
    return index < this.#count && this.#bounds[2 * index] <= from ? this.#bounds[2 * index + 1] : from;
  }

  /** What it has of (after, to], as it is now. */
  within(after: number, to: number): Interval[] {
    const found: Interval[] = [];
    for (let i = this.#firstEnding(after + 1); i < this.#count && this.#bounds[2 * i] < to; i++) {
      found.push([Math.max(after, this.#bounds[2 * i]), Math.min(to, this.#bounds[2 * i + 1])]);
    }
    return found;
  }

  /** How many numbers it has of (after, to]. */
  countWithin(after: number, to: number): number {
    let count = 0;
    for (let i = this.#firstEnding(after + 1); i < this.#count && this.#bounds[2 * i] < to; i++) {
      count += Math.min(to, this.#bounds[2 * i + 1]) - Math.max(after, this.#bounds[2 * i]);
    }
    return count;
  }

  /** All of it, as it is now. */
  toArray(): Interval[] {
    const all: Interval[] = new Array(this.#count);
    for (let i = 0; i < this.#count; i++) all[i] = [this.#bounds[2 * i], this.#bounds[2 * i + 1]];
    return all;
  }

  *[Symbol.iterator](): Generator<Interval> {
    for (let i = 0; i < this.#count; i++) yield [this.#bounds[2 * i], this.#bounds[2 * i + 1]];
  }

  /** Adds (after, to]; answers how many of them are new. At the end it costs nothing, in the middle a shift. */
  add(after: number, to: number): number {
    check(after, to);
    if (after === to) return 0;
    const from = after >= (this.last ?? -1) ? this.#firstAtEnd(after) : this.#firstEnding(after);
    let until = from;
    let start = after;
    let end = to;
    let known = 0;
    for (; until < this.#count && this.#bounds[2 * until] <= to; until++) {
      start = Math.min(start, this.#bounds[2 * until]);
      end = Math.max(end, this.#bounds[2 * until + 1]);
      known += this.#bounds[2 * until + 1] - this.#bounds[2 * until];
    }
    this.#replace(from, until, 1);
    this.#bounds[2 * from] = start;
    this.#bounds[2 * from + 1] = end;
    const added = end - start - known;
    this.#size += added;
    return added;
  }

  /** Takes out (after, to]; answers how many of them were in it. */
  remove(after: number, to: number): number {
    check(after, to);
    const from = this.#firstEnding(after + 1);
    let until = from;
    let removed = 0;
    for (; until < this.#count && this.#bounds[2 * until] < to; until++) {
      removed += Math.min(to, this.#bounds[2 * until + 1]) - Math.max(after, this.#bounds[2 * until]);
    }
    if (removed === 0) return 0;
    const start = this.#bounds[2 * from];
    const end = this.#bounds[2 * until - 1];
    const left = start < after ? 1 : 0;
    const right = end > to ? 1 : 0;
    this.#replace(from, until, left + right);
    if (left === 1) this.#set(from, start, after);
    if (right === 1) this.#set(from + left, to, end);
    this.#size -= removed;
    return removed;
  }

  /** Forgets the numbers below `low`; answers how many that were. */
  trimBelow(low: number): number {
    return low <= 1 ? 0 : this.remove(0, low - 1);
  }

  /** Adds everything of another; answers how many numbers are new. */
  merge(other: IntervalSet): number {
    let added = 0;
    for (const [after, to] of other) added += this.add(after, to);
    return added;
  }

  /** Takes out everything of another; answers how many numbers that were. */
  subtract(other: IntervalSet): number {
    let removed = 0;
    for (const [after, to] of other) removed += this.remove(after, to);
    return removed;
  }

  clone(): IntervalSet {
    const copy = new IntervalSet();
    copy.#bounds = this.#bounds.slice(0, Math.max(2 * this.#count, 2 * INTERVALS_AT_FIRST));
    copy.#count = this.#count;
    copy.#size = this.#size;
    return copy;
  }

  equals(other: IntervalSet): boolean {
    if (this.#count !== other.#count) return false;
    for (let i = 0; i < 2 * this.#count; i++) if (this.#bounds[i] !== other.#bounds[i]) return false;
    return true;
  }

  /** Index of the first interval that ends at or after a number. */
  #firstEnding(number: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#bounds[2 * middle + 1] < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** As `#firstEnding`, for a number that is at or after the end of the last interval. */
  #firstAtEnd(number: number): number {
    return this.#count > 0 && this.#bounds[2 * this.#count - 1] === number ? this.#count - 1 : this.#count;
  }

  /** Makes the intervals [from, until) `count` others, whose bounds the caller sets. */
  #replace(from: number, until: number, count: number): void {
    const total = this.#count + count - (until - from);
    if (2 * total > this.#bounds.length) {
      const grown = new Float64Array(Math.max(2 * total, this.#bounds.length * 2));
      grown.set(this.#bounds.subarray(0, 2 * this.#count));
      this.#bounds = grown;
    }
    if (count !== until - from) this.#bounds.copyWithin(2 * (from + count), 2 * until, 2 * this.#count);
    this.#count = total;
  }

  #set(index: number, after: number, to: number): void {
    this.#bounds[2 * index] = after;
    this.#bounds[2 * index + 1] = to;
  }
}

function check(after: number, to: number): void {
  if (Number.isSafeInteger(after) && Number.isSafeInteger(to) && after >= 0 && after <= to) return;
  throw new RangeError(`Cannot use (${after}, ${to}] as an interval: its bounds are whole numbers from 0, in order`);
}
