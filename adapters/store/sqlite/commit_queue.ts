/** Group commit: what arrives while a write is under way becomes the next write. */

import { StoreFullError } from "../../../node/errors.ts";
import type { Appended, AppendEntry, StateChange } from "../../../node/event_store.ts";
import type { IdHash } from "../../../node/id_hash.ts";
import { BlockBuilder } from "./block_builder.ts";

/** A batch takes no further commits past this, so that one write stays short. */
const BATCH_BYTES_MAX = 4 * 1024 * 1024;

/** Bytes that wait in memory at most: some tenths of a second of a slow disk. Beyond, publishers are told to wait. */
const PENDING_BYTES_MAX = 64 * 1024 * 1024;

interface Waiter {
  /** Place of the commit's first event in the batch. */
  readonly offset: number;
  resolve(appended: Appended): void;
  reject(error: unknown): void;
}

/** Commits that are written in one transaction. */
export class Batch {
  readonly builders: BlockBuilder[] = [];
  /** Documents by key; the last change of a key holds. */
  readonly changes = new Map<string, Uint8Array | null>();
  readonly waiters: Waiter[] = [];
  /** The clocks should be written down. */
  tick = false;
  events = 0;
  bytes = 0;

  resolve(first: Appended): void {
    const { position, sequence, epoch } = first;
    for (const { offset, resolve } of this.waiters) {
      resolve({ position: position + offset, sequence: sequence + offset, epoch });
    }
  }

  reject(error: unknown): void {
    for (const waiter of this.waiters) waiter.reject(error);
  }
}

/** Order: batches are written one at a time, commits lie in them in the order in which they were made. */
export class CommitQueue {
  readonly #write: (batch: Batch) => Promise<() => void>;
  readonly #hash: (source: string, id: string) => IdHash;
  readonly #batches: Batch[] = [];
  readonly #spareBuilders: BlockBuilder[] = [];
  #running: Promise<void> | undefined;
  #pendingBytes = 0;

  /** @param write never rejects; what it answers settles the commits of the batch */
  constructor(write: (batch: Batch) => Promise<() => void>, hash: (source: string, id: string) => IdHash) {
    this.#write = write;
    this.#hash = hash;
  }

  /** Bytes taken in that are not written yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  add(entries: readonly AppendEntry[], changes: readonly StateChange[]): Promise<Appended> {
    if (this.#pendingBytes > PENDING_BYTES_MAX) return Promise.reject(queueFull());
    const batch = this.#open();
    const offset = batch.events;
    try {
      this.#fill(batch, entries);
    } catch (error) {
      return Promise.reject(error);
    }
    for (const { key, value } of changes) this.#change(batch, key, value);
    // A commit without events is answered with what was last before it.
    const place = entries.length === 0 ? offset - 1 : offset;
    return new Promise((resolve, reject) => batch.waiters.push({ offset: place, resolve, reject }));
  }

  /** Writes the clocks down with the next batch. */
  tick(): void {
    this.#open().tick = true;
  }

  /** Resolves when everything taken in so far is settled. */
  async drain(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  #open(): Batch {
    let batch = this.#batches.at(-1);
    if (batch === undefined || batch.bytes >= BATCH_BYTES_MAX) this.#batches.push(batch = new Batch());
    this.#running ??= this.#run();
    return batch;
  }

  async #run(): Promise<void> {
    await undefined; // commits made in the same turn share the first write
    for (let batch = this.#batches.shift(); batch !== undefined; batch = this.#batches.shift()) {
      const { bytes, builders } = batch;
      const settle = await this.#write(batch);
      this.#pendingBytes -= bytes;
      settle();
      if (this.#spareBuilders.length === 0 && builders.length > 0) this.#spareBuilders.push(builders[0]);
    }
    this.#running = undefined;
  }

  #fill(batch: Batch, entries: readonly AppendEntry[]): void {
    for (const entry of entries) {
      const builder = this.#builder(batch);
      const before = builder.bytes;
      const { source, id } = entry.event.attributes;
      builder.add(entry, this.#hash(source, id));
      batch.events++;
      batch.bytes += builder.bytes - before;
      this.#pendingBytes += builder.bytes - before;
    }
  }

  #change(batch: Batch, key: string, value: Uint8Array | undefined): void {
    const bytes = key.length + (value?.length ?? 0);
    batch.changes.set(key, value ?? null);
    batch.bytes += bytes;
    this.#pendingBytes += bytes;
  }

  #builder(batch: Batch): BlockBuilder {
    const last = batch.builders.at(-1);
    if (last !== undefined && !last.full) return last;
    const builder = this.#spareBuilders.pop() ?? new BlockBuilder();
    batch.builders.push(builder);
    return builder;
  }
}

function queueFull(): StoreFullError {
  return new StoreFullError(
    `Cannot store event: ${PENDING_BYTES_MAX} bytes wait for the disk; send more slowly, or use a faster disk`,
    { full: "queue", retryAfterMs: 500 },
  );
}
