/** A link that comes and goes too often is told as down for a while, longer each time. That it is down is never held back. */

/** Going down more often than this within the window is flapping. */
const FLAPS_MAX = 3;
const WINDOW_MS = 60_000;
const HOLD_MS_MIN = 1000;
const HOLD_MS_MAX = 30_000;

/** Of one link. Times are monotonic ms and never go back. */
export class Damping {
  /** When it went down, the last few times: as many as it takes to tell that it flaps. */
  readonly #downs: number[] = [];
  #holdMs = 0;
  #heldUntil = 0;

  noteDown(now: number): void {
    this.#downs.push(now);
    if (this.#downs.length > FLAPS_MAX + 1) this.#downs.shift();
  }

  /** While it flaps, each time that it comes up doubles the hold; once it is steady the next hold is short again. */
  noteUp(now: number): void {
    const flaps = this.#downs.length > FLAPS_MAX && now - this.#downs[0] < WINDOW_MS;
    this.#holdMs = flaps ? Math.min(Math.max(2 * this.#holdMs, HOLD_MS_MIN), HOLD_MS_MAX) : 0;
    this.#heldUntil = Math.max(this.#heldUntil, now + this.#holdMs);
  }

  /** From when it may be told as up: `now`, or later. */
  heldUntil(now: number): number {
    return Math.max(this.#heldUntil, now);
  }
}
