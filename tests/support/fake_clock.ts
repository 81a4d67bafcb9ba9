/** A clock that only moves when a test says so. */

interface Timer {
  readonly id: number;
  readonly dueMs: number;
  readonly everyMs: number | undefined;
  readonly callback: () => void;
}

/**
 * Monotonic time, wall time and timers under the control of a test. Timers fire in order of their due time, and in order
 * of their creation when they are due at once.
 */
export class FakeClock {
  #nowMs = 0;
  #wallMs: number;
  #nextId = 1;
  readonly #timers = new Map<number, Timer>();

  /** @param wallMs wall time to begin at, ms since 1970 */
  constructor(wallMs: number = Date.UTC(2030, 0, 1)) {
    this.#wallMs = wallMs;
  }

  /** Monotonic time in ms, 0 at the beginning. */
  now = (): number => this.#nowMs;

  /** Wall time, ms since 1970. */
  wallNow = (): number => this.#wallMs;

  /** Wall time, as the node's `Clock` names it. */
  wall = (): number => this.#wallMs;

  /** Runs once after `delayMs`; the answer cancels (the node's `Clock`). */
  after = (delayMs: number, run: () => void): () => void => {
    const id = this.setTimeout(run, delayMs);
    return () => this.clearTimeout(id);
  };

  /** Timers that have yet to fire. */
  get pending(): number {
    return this.#timers.size;
  }

  setTimeout = (callback: () => void, delayMs = 0): number => this.#add(callback, delayMs, undefined);

  setInterval = (callback: () => void, everyMs: number): number => this.#add(callback, everyMs, Math.max(1, everyMs));

  clearTimeout = (id: number | undefined): void => {
    if (id !== undefined) this.#timers.delete(id);
  };

  clearInterval = (id: number | undefined): void => this.clearTimeout(id);

  /** Resolves when `delayMs` have gone by on this clock; rejects with the reason of `signal` when that aborts first. */
  sleep = (delayMs: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const id = this.setTimeout(resolve, delayMs);
      signal?.addEventListener("abort", () => {
        this.clearTimeout(id);
        reject(signal.reason);
      }, { once: true });
    });

  /** Moves time on by `ms`, fires what falls due, and lets promises settle after each timer. */
  async advance(ms: number): Promise<void> {
    const targetMs = this.#nowMs + ms;
    await settlePromises();
    for (let timer = this.#firstDue(targetMs); timer !== undefined; timer = this.#firstDue(targetMs)) {
      this.#moveTo(Math.max(timer.dueMs, this.#nowMs));
      this.#timers.delete(timer.id);
      if (timer.everyMs !== undefined) this.#timers.set(timer.id, { ...timer, dueMs: timer.dueMs + timer.everyMs });
      timer.callback();
      await settlePromises();
    }
    this.#moveTo(targetMs);
    await settlePromises();
  }

  /** Sets the wall clock alone, as an administrator or a time service does. */
  jumpWall(byMs: number): void {
    this.#wallMs += byMs;
  }

  #add(callback: () => void, delayMs: number, everyMs: number | undefined): number {
    const id = this.#nextId++;
    this.#timers.set(id, { id, dueMs: this.#nowMs + Math.max(0, delayMs), everyMs, callback });
    return id;
  }

  #firstDue(targetMs: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers.values()) {
      if (timer.dueMs <= targetMs && (first === undefined || timer.dueMs < first.dueMs)) first = timer;
    }
    return first;
  }

  #moveTo(nowMs: number): void {
    this.#wallMs += nowMs - this.#nowMs;
    this.#nowMs = nowMs;
  }
}

/** Lets everything that waits for promises alone run as far as it gets. */
async function settlePromises(): Promise<void> {
  // A macrotask comes after all microtasks, also those that microtasks add; two of them cover a hop over a message port.
  for (let round = 0; round < 2; round++) await new Promise<void>((resolve) => setImmediate(resolve));
}
