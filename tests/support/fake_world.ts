/** The outside of the federation in the hands of a test: time moves when it is told to, and dice show what was chosen. */

import type { World } from "../../federation/mod.ts";

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** Timers due at the same time run in the order they were set; no promise is needed for any of it. */
export class FakeWorld implements World {
  #now = 1000;
  readonly #timers = new Set<Timer>();
  /** What the dice show next, modulo the bound. */
  dice = 0;

  now = (): number => this.#now;

  after = (delayMs: number, run: () => void): () => void => {
    const timer: Timer = { at: this.#now + delayMs, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  randomInteger = (bound: number): number => this.dice % bound;

  /** Timers that have yet to fire. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time on, and runs what falls due. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (let timer = this.#firstDue(until); timer !== undefined; timer = this.#firstDue(until)) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.run();
    }
    this.#now = until;
  }

  /** Lets time pass in which nothing gets to run, as when a process is paused. */
  sleep(ms: number): void {
    this.#now += ms;
  }

  #firstDue(until: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= until && (first === undefined || timer.at < first.at)) first = timer;
    }
    return first;
  }
}
