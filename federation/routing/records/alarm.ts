/** One timer that keeps the earliest of the times it is asked for. */

import type { World } from "../../world.ts";

/** Timers of runtimes overflow past 2³¹ ms. */
const DELAY_MS_MAX = 2 ** 30;

export class Alarm {
  readonly #world: World;
  readonly #run: (now: number) => void;
  #at = Infinity;
  #cancel: (() => void) | undefined;

  constructor(world: World, run: (now: number) => void) {
    this.#world = world;
    this.#run = run;
  }

  /** Rings once at `at` (monotonic ms), or at the earlier time that is already set. `Infinity`: does nothing. */
  set(at: number): void {
    if (at >= this.#at) return;
    this.#cancel?.();
    this.#at = at;
    const delayMs = Math.min(Math.max(at - this.#world.now(), 0), DELAY_MS_MAX);
    this.#cancel = this.#world.after(delayMs, () => this.#ring());
  }

  clear(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#at = Infinity;
  }

  #ring(): void {
    const at = this.#at;
    this.#cancel = undefined;
    this.#at = Infinity;
    const now = this.#world.now();
    if (now >= at) this.#run(now);
    else this.set(at);
  }
}
