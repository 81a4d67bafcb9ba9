/** Where a queue's open events wait for their time: after a failure, or under the lease of a member that has them. */

import type { Clock } from "../clock.ts";
import { DueHeap } from "./due_heap.ts";
import type { OpenEvent } from "./open_event.ts";

export interface WaitingRoomOptions {
  readonly clock: Clock;
  /** The store's ageing clock, on which the times are counted, in ms. */
  readonly now: () => number;
  /** Whether the event is still the queue's. */
  readonly isOpen: (entry: OpenEvent) => boolean;
  /** Its time has come. When it rejects, the event waits a second more. */
  readonly onDue: (entry: OpenEvent) => Promise<void>;
  /** Called when all that was due had its turn. */
  readonly onRound: () => void;
  readonly onError: (error: unknown) => void;
}

const RETRY_MS = 1000;
/** Times kept of events that wait no longer, beside as many as there are open events: a sweep costs both together. */
const STALE_MIN = 64;

/** One timer, whatever the number of events; nothing of a settled event is kept for long, however late its time is. */
export class WaitingRoom {
  readonly #options: WaitingRoomOptions;
  readonly #heap = new DueHeap<OpenEvent>();
  #sweepAt = STALE_MIN;
  #started = false;
  #letting = false;
  #closed = false;
  #timerAt = Infinity;
  #cancelTimer: (() => void) | undefined;

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
  }

  /** Times kept. */
  get size(): number {
    return this.#heap.size;
  }

  /** Lets nobody out before that. */
  start(): void {
    this.#started = true;
    this.#arm();
  }

  /** The event waits until `until` on the ageing clock; a time that was said before does not count any more. */
  put(entry: OpenEvent, until: number): void {
    entry.notBefore = until;
    this.#heap.push(until, entry);
    if (this.#heap.size > this.#sweepAt) this.#sweep();
    this.#arm();
  }

  close(): void {
    this.#closed = true;
    this.#cancelTimer?.();
  }

  #sweep(): void {
    const seen = new Set<OpenEvent>();
    this.#heap.retain((time, entry) => {
      const waits = entry.notBefore === time && !seen.has(entry) && this.#options.isOpen(entry);
      if (waits) seen.add(entry);
      return waits;
    });
    this.#sweepAt = STALE_MIN + 2 * this.#heap.size;
  }

  /** Sets the timer for what is due next, not before `leastMs`. */
  #arm(leastMs = 0): void {
    if (!this.#started || this.#closed || this.#letting) return;
    const at = Math.max(this.#heap.next, this.#options.now() + leastMs);
    if (at >= this.#timerAt || this.#heap.size === 0) return;
    this.#cancelTimer?.();
    this.#timerAt = at;
    this.#cancelTimer = this.#options.clock.after(Math.max(0, at - this.#options.now()), () => {
      this.#timerAt = Infinity;
      void this.#letOut();
    });
  }

  async #letOut(): Promise<void> {
    this.#letting = true;
    const failed = !await this.#letOutDue();
    this.#letting = false;
    if (this.#closed) return;
    this.#arm(failed ? RETRY_MS : 0);
    this.#options.onRound();
  }

  /** Whether all went well; the rest of a round that did not is for the next one. */
  async #letOutDue(): Promise<boolean> {
    for (;;) {
      const entry = this.#closed ? undefined : this.#heap.popDue(this.#options.now());
      if (entry === undefined) return true;
      if (!this.#options.isOpen(entry) || entry.notBefore > this.#options.now()) continue; // settled or prolonged
      try {
        await this.#options.onDue(entry);
      } catch (error) {
        if (this.#closed) return true;
        this.put(entry, this.#options.now() + RETRY_MS);
        this.#options.onError(error);
        return false;
      }
    }
  }
}
