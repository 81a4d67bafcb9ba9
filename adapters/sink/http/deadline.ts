/** A signal that ends with another one or when the time is up, whichever comes first. */

import type { Clock } from "../../../node/clock.ts";

/** Unlike `AbortSignal.any()` with `AbortSignal.timeout()`, leaves no timer behind when it is disposed of. */
export class Deadline implements Disposable {
  readonly signal: AbortSignal;
  readonly #release: () => void;

  constructor(clock: Clock, timeoutMs: number, outer: AbortSignal) {
    const controller = new AbortController();
    const abort = () => controller.abort(outer.reason);
    const cancelTimer = clock.after(timeoutMs, () => {
      controller.abort(new DOMException(`no answer within ${timeoutMs} ms`, "TimeoutError"));
    });
    outer.addEventListener("abort", abort, { once: true });
    if (outer.aborted) abort();
    this.signal = controller.signal;
    this.#release = () => {
      cancelTimer();
      outer.removeEventListener("abort", abort);
    };
  }

  /** The result of `task`, or a rejection with the signal's reason as soon as it ends: for tasks that take no signal. */
  race<T>(task: Promise<T>): Promise<T> {
    const { signal } = this;
    return new Promise<T>((resolve, reject) => {
      const abort = () => reject(signal.reason);
      if (signal.aborted) abort();
      signal.addEventListener("abort", abort, { once: true });
      task.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
    });
  }

  [Symbol.dispose](): void {
    this.#release();
  }
}
