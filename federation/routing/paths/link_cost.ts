/** What a link costs by its round trip: whole milliseconds, at least 1, that change only when the link really has. */

/** A change up to this share, or up to one millisecond, is none: every change makes the whole mesh compute. */
const CHANGE_SHARE = 0.2;
/** A change has to last longer than this. */
const LASTS_MS = 5000;

/** Of one link. */
export class LinkCost {
  #value: number | undefined;
  /** Since when measures have been above (or below) what counts as the same. */
  #deviation: { readonly above: boolean; readonly since: number } | undefined;

  /** 1 before the first measure. */
  get value(): number {
    return this.#value ?? 1;
  }

  /** A new measure at `now` (monotonic ms); answers whether the cost has changed. The first one counts at once. */
  note(rttMs: number, now: number): boolean {
    const measured = Math.max(1, Math.round(rttMs));
    const before = this.value;
    if (this.#value !== undefined && !this.#hasLasted(measured - this.#value, now)) return false;
    this.#value = measured;
    this.#deviation = undefined;
    return measured !== before;
  }

  /** The link is down: what is measured when it is up again is not the rest of what was measured before. */
  interrupt(): void {
    this.#deviation = undefined;
  }

  #hasLasted(change: number, now: number): boolean {
    if (Math.abs(change) <= Math.max(1, this.value * CHANGE_SHARE)) {
      this.#deviation = undefined;
      return false;
    }
    const above = change > 0;
    if (this.#deviation?.above !== above) this.#deviation = { above, since: now };
    return now - this.#deviation.since > LASTS_MS;
  }
}
