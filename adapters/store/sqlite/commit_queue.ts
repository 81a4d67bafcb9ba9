/** Group commit: what arrives while a write is under way becomes the next write. */

import { setImmediate } from "node:timers";

import { StoreFullError } from "../../../node/errors.ts";
import type { Appended, AppendEntry, StateChange } from "../../../node/event_store.ts";
import { encodeRecord } from "../../../node/event_record.ts";
import type { IdHash } from "../../../node/id_hash.ts";
import { assertKey, keyAtPosition } from "../state_keys.ts";
import { BlockBuilder } from "./block_builder.ts";
import { BLOCK_OVERHEAD_BYTES } from "./options.ts";

/** A batch takes no further commits past this, so that one write stays short. */
const BATCH_BYTES_MAX = 4 * 1024 * 1024;

/** Bytes that wait in memory at most: some tenths of a second of a slow disk. Beyond, publishers are told to wait. */
const PENDING_BYTES_MAX = 64 * 1024 * 1024;

/** Builders kept for the next batch: blocks of a batch, of which there are several when events of other clusters arrive. */
const SPARE_BUILDERS_MAX = 8;

interface Waiter {
  /** Place of the commit's first event in the batch; of a commit without events, that of the event before it. */
  readonly offset: number;
  readonly events: number;
  readonly changes: readonly StateChange[];
  resolve(appended: Appended): void;
  reject(error: unknown): void;
}

/** Commits that are written in one transaction. */
export class Batch {
  readonly builders: BlockBuilder[] = [];
  /** Documents by key; the last change of a key holds. */
  readonly #changes = new Map<string, Uint8Array | null>();
  /** Documents whose key names the position of an event at that place in the batch. */
  readonly #placed: { readonly key: string; readonly offset: number; readonly value: Uint8Array | null }[] = [];
  readonly waiters: Waiter[] = [];
  /** The clocks should be written down. */
  tick = false;
  events = 0;
  bytes = 0;

  /** About how many bytes of the database it takes. */
  get storedBytes(): number {
    return this.bytes + this.builders.length * BLOCK_OVERHEAD_BYTES;
  }

  resolve(first: Appended): void {
    const { position, sequence, epoch } = first;
    for (const { offset, resolve } of this.waiters) {
      resolve({ position: position + offset, sequence: sequence + offset, epoch });
    }
  }

  reject(error: unknown): void {
    for (const waiter of this.waiters) waiter.reject(error);
  }

  /** `offset`: place in the batch of the event that the commit is answered with. */
  change({ key, value, atPosition }: StateChange, offset: number): number {
    const bytes = key.length + (value?.length ?? 0);
    if (atPosition) this.#placed.push({ key, offset, value: value ?? null });
    else this.#changes.set(key, value ?? null);
    this.bytes += bytes;
    return bytes;
  }

  /** The changes, once it is known at which position the batch begins. */
  changesAt(position: number): (readonly [key: string, value: Uint8Array | null])[] {
    const placed = this.#placed.map(({ key, offset, value }) =>
      [keyAtPosition(key, position + offset), value] as const
    );
    return [...this.#changes, ...placed];
  }

  /** The commits that have events, and the others as a batch to be written without them. */
  splitEvents(): { refused: Batch; others: Batch } {
    const [refused, others] = [new Batch(), new Batch()];
    others.tick = this.tick;
    for (const waiter of this.waiters) {
      if (waiter.events > 0) {
        refused.waiters.push(waiter);
        continue;
      }
      others.waiters.push({ ...waiter, offset: -1 });
      for (const change of waiter.changes) others.change(change, -1);
    }
    return { refused, others };
  }
}

/** Order: batches are written one at a time, commits lie in them in the order in which they were made. */
export class CommitQueue {
  readonly #write: (batch: Batch) => Promise<() => void>;
  readonly #hash: (entry: AppendEntry) => IdHash;
  readonly #batches: Batch[] = [];
  readonly #spareBuilders: BlockBuilder[] = [];
  #running: Promise<void> | undefined;
  #pendingBytes = 0;

  /** @param write never rejects; what it answers settles the commits of the batch */
  constructor(write: (batch: Batch) => Promise<() => void>, hash: (entry: AppendEntry) => IdHash) {
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
      assertStorable(entries);
      for (const { key } of changes) assertKey(key);
      this.#fill(batch, entries);
    } catch (error) {
      return Promise.reject(error);
    }
    // A commit without events is answered with what was last before it.
    const place = entries.length === 0 ? offset - 1 : offset;
    for (const change of changes) this.#pendingBytes += batch.change(change, place);
    const events = entries.length;
    return new Promise((resolve, reject) => batch.waiters.push({ offset: place, events, changes, resolve, reject }));
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
    // What has arrived already shares the first write: else a write of one event comes before each of all the others.
    await new Promise((resolve) => setImmediate(resolve));
    for (let batch = this.#batches.shift(); batch !== undefined; batch = this.#batches.shift()) {
      const { bytes, builders } = batch;
      const settle = await this.#write(batch);
      this.#pendingBytes -= bytes;
      settle();
      // A builder whose events were refused still holds them, and goes.
      const spare = builders.filter(({ count }) => count === 0);
      this.#spareBuilders.push(...spare.slice(0, SPARE_BUILDERS_MAX - this.#spareBuilders.length));
    }
    this.#running = undefined;
  }

  #fill(batch: Batch, entries: readonly AppendEntry[]): void {
    for (const entry of entries) {
      const builder = this.#builder(batch, entry);
      const before = builder.bytes;
      builder.add(entry, this.#hash(entry));
      batch.events++;
      batch.bytes += builder.bytes - before;
      this.#pendingBytes += builder.bytes - before;
    }
  }

  #builder(batch: Batch, entry: AppendEntry): BlockBuilder {
    const last = batch.builders.at(-1);
    if (last?.takes(entry)) return last;
    const builder = this.#spareBuilders.pop() ?? new BlockBuilder();
    batch.builders.push(builder);
    return builder;
  }
}

/** Bytes of data in one commit: it is held in memory three times over while it is written. */
const COMMIT_BYTES_MAX = 256 * 1024 * 1024;
/** Characters of a topic that surely fit a record. */
const TOPIC_UNITS_SAFE = 20_000;

/** Throws `RangeError`, before anything of the commit was taken in, if it is too large. */
function assertStorable(entries: readonly AppendEntry[]): void {
  let bytes = 0;
  for (const entry of entries) {
    bytes += entry.record?.length ?? entry.event.data?.length ?? 0;
    if (entry.record !== undefined) continue;
    if (entry.topic.length > TOPIC_UNITS_SAFE) encodeRecord({ ...entry, event: { ...entry.event, data: undefined } });
  }
  if (bytes <= COMMIT_BYTES_MAX) return;
  throw new RangeError(
    `Cannot store ${entries.length} events of ${bytes} bytes in one go: at most ${COMMIT_BYTES_MAX} fit; send fewer at a time`,
  );
}

function queueFull(): StoreFullError {
  return new StoreFullError(
    `Cannot store event: ${PENDING_BYTES_MAX} bytes wait for the disk; send more slowly, or use a faster disk`,
    { full: "queue", retryAfterMs: 500 },
  );
}
