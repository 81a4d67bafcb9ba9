/** A link that comes and goes too often is not used for a while, longer each time; that it is down is never held back. */

/** More changes to down than this in the window is flapping. */
const FLAPS_MAX = 3;
const WINDOW_MS = 60_000;
const HOLD_MS_MIN = 1000;
const HOLD_MS_MAX = 30_000;

export class Damping {
  #downs: number[] = [];
  #holdMs = 0;
  #heldUntil = 0;

  noteDown(now: number): void {
    this.#downs = [...this.#downs.filter((at) => now - at < WINDOW_MS), now];
    if (this.#downs.length <= FLAPS_MAX) this.#holdMs = 0;
  }

  noteUp(now: number): void {
    const flaps = this.#downs.filter((at) => now - at < WINDOW_MS).length;
    if (flaps <= FLAPS_MAX) return;
    this.#holdMs = Math.min(HOLD_MS_MAX, this.#holdMs === 0 ? HOLD_MS_MIN : this.#holdMs * 2);
    this.#heldUntil = now + this.#holdMs;
  }

  /** Up to then the link is told as down. */
  heldUntil(_now: number): number {
    return this.#heldUntil;
  }
}
