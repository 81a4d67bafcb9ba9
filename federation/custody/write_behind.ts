/** Changes that nobody waits for: gathered for a moment, the last of a key wins, written in one commit, tried until it works. */

import type { StateChange } from "../../node/mod.ts";
import type { CustodyLog } from "../custody_log.ts";
import type { World } from "../world.ts";

/** What is lost of these in a crash is done again, so they may wait for company. */
const GATHER_MS = 100;
const RETRY_MS = 500;

export class WriteBehind {
  readonly #world: World;
  readonly #log: CustodyLog;
  readonly #onError: (error: unknown) => void;
  #changes = new Map<string, StateChange>();
  #scheduled = false;
  #writing = false;
  #flushed: (() => void)[] = [];
  #durable: (() => void)[] = [];

  constructor(world: World, log: CustodyLog, onError: (error: unknown) => void) {
    this.#world = world;
    this.#log = log;
    this.#onError = onError;
  }

  change(change: StateChange): void {
    this.#changes.set(change.key, change);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#world.after(GATHER_MS, () => {
      this.#scheduled = false;
      this.#write();
    });
  }

  remove(key: string): void {
    this.change({ key, value: undefined });
  }

  /** Calls `done` once everything that was changed so far is durable; never if it cannot be made so. */
  whenDurable(done: () => void): void {
    if (this.#changes.size === 0 && !this.#writing) return done();
    this.#durable.push(done);
  }

  /** Writes at once; `done` is called when everything is durable, or cannot be made so. */
  flush(done: () => void): void {
    this.#flushed.push(done);
    this.#write();
  }

  #write(): void {
    if (this.#writing) return;
    if (this.#changes.size === 0) {
      for (const done of this.#flushed.splice(0)) done();
      return;
    }
    const changes = this.#changes;
    const durable = this.#durable.splice(0);
    this.#changes = new Map();
    this.#writing = true;
    // What a change says is read here, once: later it may say more than the others of this commit.
    const now = [...changes.values()].map(({ key, value }) => ({ key, value }));
    this.#log.commit([], now, (error) => {
      this.#writing = false;
      if (error !== undefined) {
        this.#durable.unshift(...durable);
        return this.#failed(changes, error);
      }
      if (this.#changes.size === 0) durable.push(...this.#durable.splice(0)); // nothing was changed since
      for (const done of durable) done();
      if (this.#flushed.length > 0 || (this.#changes.size > 0 && !this.#scheduled)) this.#write();
    });
  }

  #failed(changes: ReadonlyMap<string, StateChange>, error: unknown): void {
    for (const [key, change] of changes) if (!this.#changes.has(key)) this.#changes.set(key, change);
    this.#onError(error);
    const waiting = this.#flushed.splice(0);
    if (waiting.length > 0) return waiting.forEach((done) => done());
    this.#world.after(RETRY_MS, () => this.#write());
  }
}
