/** The ageing clock of a store: goes on across restarts and never back. */

import type { Clock } from "../../../node/clock.ts";
import type { Tick } from "./writer_protocol.ts";

/**
 * Within a boot only the monotonic clock counts. What went by between boots is the difference of the wall clocks, and
 * nothing if the wall clock went back (design: clock jumps).
 */
export class AgeClock {
  readonly #clock: Clock;
  readonly #ageAtStart: number;
  readonly #startedAt: number;

  /** @param last both clocks when the store was last alive */
  constructor(clock: Clock, last: Tick) {
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#ageAtStart = last.age + Math.max(0, clock.wall() - last.wall);
  }

  now(): number {
    return this.#ageAtStart + (this.#clock.now() - this.#startedAt);
  }

  /** Both clocks, to be written down. */
  tick(): Tick {
    return { wall: this.#clock.wall(), age: this.now() };
  }
}
