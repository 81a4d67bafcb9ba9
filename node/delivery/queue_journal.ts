/** Keeps a queue's durable form up to date: soon for what nobody waits for, at once for what somebody does. */

import type { Clock } from "../clock.ts";
import type { EventStore, StateChange } from "../event_store.ts";
import type { DeliveryCounts } from "./queue_state.ts";

/**
 * Changes nobody waits for are written together this often. Longer saves writes and repeats more deliveries after a kill;
 * an acknowledgement that is answered (PULL) never waits for it.
 */
const LAZY_MS = 50;
const RETRY_MS = 1000;

/** Requests written together at most: each may carry a copy of an event. */
const REQUESTS_MAX = 64;

/** The end of a delivery: the queue's durable form is written without the event, and counts it. */
export interface Ending {
  readonly position: number;
  readonly outcome: keyof DeliveryCounts;
}

/** Documents to write together with the queue, all or nothing. */
export interface JournalRequest {
  readonly changes: readonly StateChange[];
  readonly ending?: Ending;
  /** Both are called before the queue is written again: what it then writes must know how this ended. */
  readonly onDone: () => void;
  readonly onFailed: () => void;
}

export interface QueueJournalOptions {
  readonly key: string;
  readonly snapshot: (endings: readonly Ending[]) => Uint8Array;
  readonly onError: (error: unknown) => void;
}

interface Waiting extends JournalRequest {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class QueueJournal {
  readonly #store: Pick<EventStore, "commit">;
  readonly #clock: Clock;
  readonly #options: QueueJournalOptions;
  #version = 0; // of the queue
  #written = 0; // durable version
  #writing: Promise<void> | undefined;
  readonly #requests: Waiting[] = [];
  #cancelTimer: (() => void) | undefined;
  #closed = false;
  #forgotten = false;

  constructor(store: Pick<EventStore, "commit">, clock: Clock, options: QueueJournalOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#options = options;
  }

  /** The queue changed; it will be written soon. */
  changed(): void {
    if (this.#closed) return;
    this.#version++;
    this.#schedule(LAZY_MS);
  }

  /** Resolves once everything that changed before this call is durable; rejects if it cannot be made so. */
  async flush(): Promise<void> {
    const version = this.#version;
    while (this.#written < version && !this.#forgotten) await (this.#writing ?? this.#write());
  }

  /** Durable when it resolves; what is asked for while a write is under way is written together, next. */
  commitWith(request: JournalRequest): Promise<void> {
    if (this.#closed) {
      request.onFailed();
      return Promise.reject(this.#refusal());
    }
    this.#version++;
    return new Promise((resolve, reject) => {
      this.#requests.push({ ...request, resolve, reject });
      this.#writeRequests();
    });
  }

  /** Writes what is left, unless it is to be forgotten, and stops. */
  async close(options: { forget?: boolean } = {}): Promise<void> {
    this.#closed = true;
    this.#cancelTimer?.();
    if (!options.forget) return await this.flush();
    this.#forgotten = true;
    for (const { onFailed, reject } of this.#requests.splice(0)) {
      onFailed();
      reject(this.#refusal());
    }
    await this.#writing?.catch(() => undefined);
  }

  #refusal(): Error {
    return new Error(`Cannot write "${this.#options.key}": the queue is closed; what it had open is delivered again`);
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

  #writeRequests(): void {
    if (this.#writing !== undefined || this.#requests.length === 0) return;
    this.#write().catch(() => undefined); // those who asked are told
  }

  // One write at a time. Each holds the whole queue: two at once would each bring back what the other ends.
  async #write(): Promise<void> {
    const requests = this.#requests.splice(0, REQUESTS_MAX);
    const version = this.#requests.length === 0 ? this.#version : this.#written;
    const endings = requests.flatMap(({ ending }) => ending ?? []);
    const changes = requests.flatMap(({ changes }) => changes);
    this.#writing = this.#store
      .commit([], [...changes, { key: this.#options.key, value: this.#options.snapshot(endings) }])
      .then(() => {
        this.#written = Math.max(this.#written, version);
        for (const { onDone, resolve } of requests) {
          onDone();
          resolve();
        }
      }, (error) => {
        for (const { onFailed, reject } of requests) {
          onFailed();
          reject(error);
        }
        throw error;
      })
      .finally(() => {
        this.#writing = undefined;
        this.#writeRequests();
      });
    await this.#writing;
  }
}
