/** Keeps a queue's durable form up to date: soon for what nobody waits for, at once for what somebody does. */

import type { Clock } from "../clock.ts";
import type { EventStore, StateChange } from "../event_store.ts";

/**
 * Changes nobody waits for are written together this often. Longer saves writes and repeats more deliveries after a kill;
 * an acknowledgement that is answered (PULL) never waits for it.
 */
const LAZY_MS = 50;
const RETRY_MS = 1000;

export interface QueueJournalOptions {
  readonly key: string;
  readonly snapshot: () => Uint8Array;
  readonly onError: (error: unknown) => void;
}

export class QueueJournal {
  readonly #store: Pick<EventStore, "commit">;
  readonly #clock: Clock;
  readonly #options: QueueJournalOptions;
  #version = 0; // of the queue
  #written = 0; // durable version
  #writing: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #closed = false;

  constructor(store: Pick<EventStore, "commit">, clock: Clock, options: QueueJournalOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#options = options;
  }

  /** The queue changed; it will be written soon. */
  changed(): void {
    this.#version++;
    this.#schedule(LAZY_MS);
  }

  /** Resolves once everything that changed before this call is durable; rejects if it cannot be made so. */
  async flush(): Promise<void> {
    const version = this.#version;
    while (this.#written < version) await (this.#writing ?? this.#write());
  }

  /** Writes `changes` and the queue without the entry that they settle, all or nothing. */
  async commitWith(changes: readonly StateChange[], snapshot: Uint8Array): Promise<void> {
    await this.#store.commit([], [...changes, { key: this.#options.key, value: snapshot }]);
  }

  /** Writes what is left, unless it is to be forgotten, and stops. */
  async close(options: { forget?: boolean } = {}): Promise<void> {
    this.#closed = true;
    this.#cancelTimer?.();
    if (options.forget) await this.#writing?.catch(() => undefined);
    else await this.flush();
  }

  #schedule(delayMs: number): void {
    if (this.#closed || this.#cancelTimer !== undefined) return;
    this.#cancelTimer = this.#clock.after(delayMs, () => {
      this.#cancelTimer = undefined;
      if (this.#written < this.#version) void this.#writeLazily();
    });
  }

  async #writeLazily(): Promise<void> {
    try {
      await (this.#writing ?? this.#write());
      if (this.#written < this.#version) this.#schedule(LAZY_MS);
    } catch (error) {
      this.#options.onError(error);
      this.#schedule(RETRY_MS);
    }
  }

  async #write(): Promise<void> {
    const version = this.#version;
    this.#writing = this.#store
      .commit([], [{ key: this.#options.key, value: this.#options.snapshot() }])
      .then(() => void (this.#written = Math.max(this.#written, version)))
      .finally(() => this.#writing = undefined);
    await this.#writing;
  }
}
