/** How late the timers of this node are of late: it tells its neighbours, which then wait longer before they call it dead. */

/** Silence that is allowed anyway covers this much. */
const LAG_MS_MIN = 200;
/** Nobody waits longer than this for a node that calls itself slow. */
export const LAG_MS_MAX = 1000;
/** Said in steps, so that it seldom changes: each change is a HELLO in full. */
const STEPS_MS = [250, 500, LAG_MS_MAX];
/** The worst of this much time counts, and of as much before. */
const SPAN_MS = 10_000;

export class LoopLag {
  #worst = 0;
  #worstBefore = 0;
  #spanEndsAt = 0;

  /** A timer ran `lateMs` after its time. To be called all the time, late or not. */
  note(lateMs: number, now: number): void {
    if (now >= this.#spanEndsAt) {
      this.#worstBefore = now < this.#spanEndsAt + SPAN_MS ? this.#worst : 0;
      this.#worst = 0;
      this.#spanEndsAt = now + SPAN_MS;
    }
    this.#worst = Math.max(this.#worst, lateMs);
  }

  /** 0, or one of a few steps up to `LAG_MS_MAX`. */
  get ms(): number {
    const worst = Math.max(this.#worst, this.#worstBefore);
    return worst < LAG_MS_MIN ? 0 : STEPS_MS.find((step) => worst <= step) ?? LAG_MS_MAX;
  }
}
