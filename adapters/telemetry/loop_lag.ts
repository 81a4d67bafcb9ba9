/** Measures how late the event loop is: everything in the process waits as long. */

import type { Clock } from "../../node/mod.ts";
import { Histogram } from "./histogram.ts";
import { histogram, type MetricDefinition } from "./metric.ts";

/** Ten samples a second see what lasts a tenth of a second, and cost nothing. */
const SAMPLE_MS = 100;
/** Seconds. */
const BOUNDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5];

/** `node:perf_hooks` could do it, but Deno's `monitorEventLoopDelay` does not see a blocked loop. */
export class LoopLag {
  readonly #clock: Pick<Clock, "now" | "after">;
  readonly #lag = new Histogram(BOUNDS);
  #cancel: () => void;

  /** Begins to measure; `stop()` ends it. */
  constructor(clock: Pick<Clock, "now" | "after">) {
    this.#clock = clock;
    this.#cancel = this.#sampleLater();
  }

  stop(): void {
    this.#cancel();
  }

  metrics(): MetricDefinition[] {
    return [
      histogram(
        "weft_event_loop_lag_seconds",
        `Lateness of a timer of ${SAMPLE_MS} ms, sampled all the time.`,
        this.#lag,
      ),
    ];
  }

  #sampleLater(): () => void {
    const dueAt = this.#clock.now() + SAMPLE_MS;
    return this.#clock.after(SAMPLE_MS, () => {
      this.#lag.observe(Math.max(0, this.#clock.now() - dueAt) / 1000);
      this.#cancel = this.#sampleLater();
    });
  }
}
