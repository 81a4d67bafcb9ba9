/** Stops hammering a sink that is down: after some failures in a row, one try at a time, further and further apart. */

/**
 * Failures in a row of events that had not failed before, until the circuit opens. One that failed already says little of
 * the sink: poison events among good ones come again together, and must not hold up the rest.
 */
const FAILURES_TO_OPEN = 10;
/** The longest pause between two tries; a sink that is back is noticed within it. */
const PAUSE_MAX_MS = 30_000;

export class Circuit {
  #failures = 0;
  #firstFailures = 0;
  #pauses = 0;
  #openUntil = 0;
  #probing = false;

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures;
  }

  get open(): boolean {
    return this.#firstFailures >= FAILURES_TO_OPEN;
  }

  /** Deliveries that may begin now: `Infinity` while closed, one as a probe when the pause is over, else none. */
  allowance(now: number): number {
    if (!this.open) return Infinity;
    return !this.#probing && now >= this.#openUntil ? 1 : 0;
  }

  /** How long until a probe may begin, in ms; 0 while closed. */
  waitMs(now: number): number {
    return this.open && !this.#probing ? Math.max(0, this.#openUntil - now) : 0;
  }

  began(): void {
    this.#probing = this.open;
  }

  succeeded(): void {
    this.#failures = this.#firstFailures = this.#pauses = 0;
    this.#probing = false;
  }

  /**
   * `first`: whether it was the first attempt of an event. `minMs`, `maxMs`: the subscription's own retry bounds, so that
   * one who retries fast also probes fast.
   */
  failed(now: number, { minMs, maxMs, first }: { minMs: number; maxMs: number; first: boolean }): void {
    this.#failures++;
    if (first) this.#firstFailures++;
    const opens = first && this.#firstFailures === FAILURES_TO_OPEN;
    if (!opens && !this.#probing) return; // closed still, or one that was under way when it opened
    this.#openUntil = now + Math.min(minMs * 2 ** Math.min(this.#pauses++, 30), maxMs, PAUSE_MAX_MS);
    this.#probing = false;
  }
}
