/** Deadlines of many short waits for the price of one timer: a timer each would cost more than most of the waits. */

import type { Clock } from "../../../../node/mod.ts";

/** A wait under way. */
export interface Watch {
  readonly dueAt: number;
}

/** A watch with its neighbours. */
class Link implements Watch {
  readonly dueAt: number;
  onLate: () => void;
  previous: Link = this;
  next: Link = this;

  constructor(dueAt: number, onLate: () => void) {
    this.dueAt = dueAt;
    this.onLate = onLate;
  }
}

const NOTHING = () => undefined;

/** How late a deadline may be noticed, ms. */
const SWEEP_MS = 250;

export class Deadlines {
  readonly #clock: Pick<Clock, "now" | "after">;
  /** Begin and end of the ring of watches. No Set: see `PendingIds` for what entries that pass through one cost. */
  readonly #ring = new Link(Infinity, NOTHING);
  #sweeping = false;

  constructor(clock: Pick<Clock, "now" | "after">) {
    this.#clock = clock;
  }

  /** Calls `onLate` once, `timeoutMs` from now or up to 250 ms later, unless `end()` comes first. */
  watch(timeoutMs: number, onLate: () => void): Watch {
    const watch = new Link(this.#clock.now() + timeoutMs, onLate);
    const { previous } = this.#ring;
    watch.previous = previous;
    watch.next = this.#ring;
    previous.next = this.#ring.previous = watch;
    if (!this.#sweeping) this.#sweepLater();
    return watch;
  }

  /** Idempotent. */
  end(watch: Watch): void {
    const link = watch as Link;
    link.previous.next = link.next;
    link.next.previous = link.previous;
    // What has ended keeps nothing alive.
    link.previous = link.next = link;
    link.onLate = NOTHING;
  }

  // Goes on while there is anything to watch, so that an idle node has no timer.
  #sweepLater(): void {
    this.#sweeping = true;
    this.#clock.after(SWEEP_MS, () => this.#sweep());
  }

  #sweep(): void {
    const now = this.#clock.now();
    for (let watch = this.#ring.next, next = watch.next; watch !== this.#ring; watch = next, next = watch.next) {
      if (now < watch.dueAt) continue;
      const { onLate } = watch;
      this.end(watch);
      onLate();
    }
    this.#sweeping = false;
    if (this.#ring.next !== this.#ring) this.#sweepLater();
  }
}
