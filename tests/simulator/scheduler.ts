/** Virtual time: what is due next happens next, and what is due at once happens in the order in which it was asked for. */

export interface Scheduled {
  readonly time: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** Steps without time going on: more than any sane system needs, so something calls itself for ever. */
const STEPS_AT_ONCE_MAX = 200_000;
/** Cancelled entries are thrown out when they are more than this and half of all. */
const CANCELLED_SLACK = 4096;

export class Scheduler {
  #heap: Scheduled[] = [];
  #order = 0;
  #now = 0;
  #cancelled = 0;
  #stepsAtOnce = 0;
  steps = 0;

  /** Microseconds since the beginning. */
  get now(): number {
    return this.#now;
  }

  /** What is yet to happen. */
  get pending(): number {
    return this.#heap.length - this.#cancelled;
  }

  /** `time` in whole microseconds, not before now. */
  at(time: number, run: () => void): Scheduled {
    const entry = { time: Math.max(time, this.#now), order: this.#order++, run };
    this.#heap.push(entry);
    this.#up(this.#heap.length - 1);
    return entry;
  }

  after(delay: number, run: () => void): Scheduled {
    return this.at(this.#now + delay, run);
  }

  cancel(entry: Scheduled): void {
    if (entry.run === undefined) return;
    entry.run = undefined;
    this.#cancelled++;
    if (this.#cancelled > CANCELLED_SLACK && this.#cancelled * 2 > this.#heap.length) this.#compact();
  }

  /** Runs everything that is due up to a time, which is then now. `stop` is asked after each step. */
  runUntil(time: number, stop: () => boolean = () => false): void {
    for (let first = this.#heap[0]; first !== undefined && first.time <= time; first = this.#heap[0]) {
      this.#take();
      const { run } = first;
      if (run === undefined) {
        this.#cancelled--;
        continue;
      }
      this.#stepsAtOnce = first.time === this.#now ? this.#stepsAtOnce + 1 : 0;
      if (this.#stepsAtOnce > STEPS_AT_ONCE_MAX) {
        throw new Error(`Cannot go on at ${this.#now} µs: ${STEPS_AT_ONCE_MAX} steps did not take any time`);
      }
      this.#now = first.time;
      this.steps++;
      first.run = undefined;
      run();
      if (stop()) return;
    }
    this.#now = Math.max(this.#now, time);
  }

  #take(): void {
    const last = this.#heap.pop()!;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#down(0);
  }

  #compact(): void {
    this.#heap = this.#heap.filter(({ run }) => run !== undefined).sort((a, b) => a.time - b.time || a.order - b.order);
    this.#cancelled = 0;
  }

  #up(from: number): void {
    const heap = this.#heap;
    const entry = heap[from];
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = entry;
  }

  #down(from: number): void {
    const heap = this.#heap;
    const entry = heap[from];
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (!isBefore(heap[child], entry)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = entry;
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}
