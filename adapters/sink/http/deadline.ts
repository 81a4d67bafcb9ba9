/** Signals that end with another one or when the time is up, whichever comes first. */

import type { Clock } from "../../../node/mod.ts";

/**
 * Deadlines of equal length, any number at a time, with one timer among them: as all are equally long, the oldest is the
 * next to end. A timer for each would cost a fifth of a request's time on Deno.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  /** In the order of their start. */
  readonly #running = new Set<Deadline>();
  #armed = false;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Must be disposed of, else it counts as running until its time is up. */
  start(outer: AbortSignal): Deadline {
    const deadline = new Deadline(this.#clock.now() + this.#timeoutMs, outer, this.#running);
    this.#running.add(deadline);
    if (!this.#armed) this.#arm(this.#timeoutMs);
    return deadline;
  }

  #arm(delayMs: number): void {
    this.#armed = true;
    this.#clock.after(delayMs, () => this.#endDue());
  }

  #endDue(): void {
    this.#armed = false;
    for (const deadline of this.#running) {
      const leftMs = deadline.dueMs - this.#clock.now();
      if (leftMs > 0) return this.#arm(leftMs);
      this.#running.delete(deadline);
      deadline.end(new DOMException(`no answer within ${this.#timeoutMs} ms`, "TimeoutError"));
    }
  }
}

export class Deadline implements Disposable {
  readonly dueMs: number;
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  readonly #running: Set<Deadline>;
  readonly #follow = () => this.end(this.#outer.reason);

  constructor(dueMs: number, outer: AbortSignal, running: Set<Deadline>) {
    this.dueMs = dueMs;
    this.#outer = outer;
    this.#running = running;
    if (outer.aborted) this.#follow();
    else outer.addEventListener("abort", this.#follow);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** The result of `task`, or a rejection with the signal's reason as soon as it ends: for tasks that take no signal. */
  race<T>(task: Promise<T>): Promise<T> {
    const { signal } = this;
    return new Promise<T>((resolve, reject) => {
      const abort = () => reject(signal.reason);
      if (signal.aborted) abort();
      signal.addEventListener("abort", abort);
      task.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
    });
  }

  [Symbol.dispose](): void {
    this.#running.delete(this);
    this.#outer.removeEventListener("abort", this.#follow);
  }
}
