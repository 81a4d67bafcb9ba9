/** Knows whether the store has room: it was full once it refused an event, until it can be seen to have room again. */

import type { Clock } from "./clock.ts";
import { StoreFullError } from "./errors.ts";
import type { EventStore } from "./event_store.ts";

export interface StoreRoomContext {
  readonly store: EventStore;
  readonly clock: Clock;
  /** There is room again, `fullMs` after it was found to be full for the reason `detail`; told once a minute, as its beginning is. */
  readonly onRoom: (full: { detail: string; fullMs: number }) => void;
  /** There is no room, and there was some before; told once a minute, since at the cap room comes and goes. */
  readonly onFull: (error: StoreFullError) => void;
  readonly onError: (error: unknown) => void;
}

/** A full disk has room again when this much can be written: the largest event of the default limits. */
const PROBE_BYTES = 1024 * 1024;
const PROBE_KEY = "health/probe";
const PROBE_EVERY_MS = 1000;
/** A store at its cap has room again when it is no fuller than this: retirement need not make any. */
const FILL_MAX = 0.9;

const TOLD_AGAIN_MS = 60_000;

export class StoreRoom {
  readonly #context: StoreRoomContext;
  #full: { readonly error: StoreFullError; readonly since: number } | undefined;
  #cancel: (() => void) | undefined;
  #toldAt = -Infinity;
  #roomToldAt = -Infinity;

  constructor(context: StoreRoomContext) {
    this.#context = context;
  }

  /** Why there is no room; `undefined` when there is. */
  get problem(): string | undefined {
    return this.#full?.error.message;
  }

  /** An event was refused. A full queue is no lack of room: it is gone when the disk has caught up. */
  noteFull(error: StoreFullError): void {
    if (error.full === "queue" || this.#full !== undefined) return;
    const now = this.#context.clock.now();
    this.#full = { error, since: now };
    this.#watch();
    if (now - this.#toldAt < TOLD_AGAIN_MS) return;
    this.#toldAt = now;
    this.#context.onFull(error);
  }

  /** An event was stored. On a disk that is nearly full a small one may pass where others do not: that proves nothing. */
  noteStored(): void {
    if (this.#full?.error.full === "cap") this.#end();
  }

  /** Looks now instead of within a second. */
  async look(): Promise<void> {
    if (this.#full === undefined || this.#context.store.failure !== undefined) return;
    if (this.#full.error.full === "cap") {
      // Not the bytes of the log: of a small store, indexes and state take more than the share that may be free.
      if (this.#context.store.stats().fill <= FILL_MAX) this.#end();
    } else if (await this.#canWrite()) this.#end();
  }

  close(): void {
    this.#cancel?.();
  }

  async #canWrite(): Promise<boolean> {
    const { store } = this.#context;
    try {
      await store.commit([], [{ key: PROBE_KEY, value: new Uint8Array(PROBE_BYTES) }]);
      await store.commit([], [{ key: PROBE_KEY, value: undefined }]);
      return true;
    } catch (error) {
      if (!(error instanceof StoreFullError)) this.#context.onError(error);
      return false;
    }
  }

  #watch(): void {
    this.#cancel = this.#context.clock.after(PROBE_EVERY_MS, () => {
      void this.look().then(() => {
        if (this.#full !== undefined) this.#watch();
      });
    });
  }

  #end(): void {
    const full = this.#full;
    if (full === undefined) return;
    this.#full = undefined;
    this.#cancel?.();
    const now = this.#context.clock.now();
    if (now - this.#roomToldAt < TOLD_AGAIN_MS) return;
    this.#roomToldAt = now;
    this.#context.onRoom({ detail: full.error.message, fullMs: Math.round(now - full.since) });
  }
}
