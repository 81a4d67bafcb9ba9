/** Deadlines of many short waits for the price of one timer: a timer each would cost more than most of the waits. */

import type { Clock } from "../../../../node/mod.ts";

/** A wait under way. */
export interface Watch {
  readonly dueAt: number;
  readonly onLate: () => void;
}

/** How late a deadline may be noticed, ms. */
const SWEEP_MS = 250;

export class Deadlines {
  readonly #clock: Pick<Clock, "now" | "after">;
  readonly #watches = new Set<Watch>();
  #sweeping = false;

  constructor(clock: Pick<Clock, "now" | "after">) {
    this.#clock = clock;
  }

  /** Calls `onLate` once, `timeoutMs` from now or up to 250 ms later, unless `end()` comes first. */
  watch(timeoutMs: number, onLate: () => void): Watch {
    const watch = { dueAt: this.#clock.now() + timeoutMs, onLate };
    this.#watches.add(watch);
    if (!this.#sweeping) this.#sweepLater();
    return watch;
  }

  end(watch: Watch): void {
    this.#watches.delete(watch);
  }

  // Goes on while there is anything to watch, so that an idle node has no timer.
  #sweepLater(): void {
    this.#sweeping = true;
    this.#clock.after(SWEEP_MS, () => this.#sweep());
  }

  #sweep(): void {
    const now = this.#clock.now();
    for (const watch of this.#watches) {
      if (now < watch.dueAt) continue;
      this.#watches.delete(watch);
      watch.onLate();
    }
    this.#sweeping = false;
    if (this.#watches.size > 0) this.#sweepLater();
  }
}
