/** The cost of a link by its round trip: whole milliseconds, at least 1, changed only when it has really changed. */

/** A change smaller than this share is none. */
const SHARE = 0.2;
/** It has to last this long. */
const LASTS_MS = 5000;

export class LinkCost {
  #value = 0;
  #changedSince: number | undefined;

  /** 1 before the first measure. */
  get value(): number {
    return Math.max(1, this.#value);
  }

  /** A new measure; answers whether the cost has changed. */
  note(rttMs: number, now: number): boolean {
    const measured = Math.max(1, Math.round(rttMs));
    if (this.#value === 0) {
      this.#value = measured;
      return true;
    }
    if (Math.abs(measured - this.#value) <= Math.max(1, this.#value * SHARE)) {
      this.#changedSince = undefined;
      return false;
    }
    this.#changedSince ??= now;
    if (now - this.#changedSince < LASTS_MS) return false;
    this.#value = measured;
    this.#changedSince = undefined;
    return true;
  }
}
