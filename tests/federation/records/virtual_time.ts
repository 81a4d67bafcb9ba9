/** A clock and its timers, moved by a test, without promises: what is due runs at once, in order of time, then of setting. */

import type { World } from "../../../federation/world.ts";
import type { SeededRandom } from "../../support/seeded_random.ts";

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

export class VirtualTime {
  #now = 0;
  /** In the order in which they were set. */
  readonly #timers = new Set<Timer>();

  get now(): number {
    return this.#now;
  }

  world(random: SeededRandom): World {
    return {
      now: () => this.#now,
      after: (delayMs, run) => this.after(delayMs, run),
      randomInteger: (bound) => random.integer(0, bound - 1),
    };
  }

  after(delayMs: number, run: () => void): () => void {
    const timer: Timer = { at: this.#now + delayMs, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Runs everything that is due within a time. */
  run(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#next();
      if (next === undefined || next.at > until) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = until;
  }

  /** Lets time pass in which nothing gets to run, as when a process is paused. What is late then runs in the wrong order. */
  sleep(ms: number): void {
    this.#now += ms;
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      const isLate = timer.at < this.#now;
      if (next === undefined || timer.at < next.at || isLate) next = timer;
    }
    return next;
  }
}
