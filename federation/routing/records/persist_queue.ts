/** Records on their way to disk: one batch at a time, the newest version of each, again after a failure. */

import type { World } from "../../world.ts";

import { Alarm } from "./alarm.ts";
import type { Slot } from "./kind_records.ts";
import { KINDS, type MeshRecord, type RecordKey } from "./mesh_record.ts";
import { type SealedRecord, toMeshRecord } from "./sealed_record.ts";

/** Bytes of one batch: a first exchange with a large mesh is divided into several. */
const BATCH_BYTES_MAX = 4 * 1024 * 1024;

export interface PersistQueueParts {
  readonly world: World;
  readonly retryMs: number;
  /** A record under this slot's key is there, in a slot made after this one was purged. */
  isReplaced(slot: Slot): boolean;
  persist(records: readonly MeshRecord[], removed: readonly RecordKey[], done: (error: unknown) => void): void;
  /** These versions are durable. */
  onPersisted(persisted: readonly Persisted[]): void;
  onFailed(error: unknown): void;
}

export interface Persisted {
  readonly slot: Slot;
  /** `undefined`: its removal. */
  readonly sealed: SealedRecord | undefined;
}

export class PersistQueue {
  readonly #parts: PersistQueueParts;
  readonly #alarm: Alarm;
  readonly #waiting = new Set<Slot>();
  #inFlight: readonly Persisted[] = [];
  #watchers: { readonly slots: Set<Slot>; readonly run: () => void }[] = [];
  #stopped = false;

  constructor(parts: PersistQueueParts) {
    this.#parts = parts;
    this.#alarm = new Alarm(parts.world, () => this.#pump());
  }

  /** What is in the slot, or that nothing is any more, is to become durable. */
  add(slot: Slot): void {
    this.#waiting.add(slot);
    this.#alarm.set(this.#parts.world.now());
  }

  /** Calls `run` once when everything added so far is durable; at once if it is. */
  afterSettled(run: () => void): void {
    const slots = new Set(this.#waiting);
    for (const { slot } of this.#inFlight) slots.add(slot);
    if (slots.size === 0) run();
    else this.#watchers.push({ slots, run });
  }

  stop(): void {
    this.#stopped = true;
    this.#alarm.clear();
    this.#watchers = [];
  }

  #pump(): void {
    if (this.#inFlight.length > 0 || this.#waiting.size === 0) return;
    const batch = this.#takeBatch();
    this.#inFlight = batch;
    const now = this.#parts.world.now();
    const records = batch.flatMap(({ slot, sealed }) => {
      return sealed === undefined ? [] : [toMeshRecord(sealed, Math.max(0, Math.floor(slot.expiresAt - now)))!];
    });
    const removed = batch.flatMap(({ slot, sealed }) => {
      return sealed === undefined && !this.#parts.isReplaced(slot) ? [toKey(slot)] : [];
    });
    this.#parts.persist(records, removed, (error) => {
      if (this.#stopped || this.#inFlight !== batch) return;
      this.#inFlight = [];
      if (error === undefined || error === null) this.#settle(batch);
      else this.#retry(batch, error);
    });
  }

  #takeBatch(): Persisted[] {
    const batch: Persisted[] = [];
    let bytes = 0;
    for (const slot of this.#waiting) {
      bytes += slot.current?.bytes.length ?? 0;
      if (batch.length > 0 && bytes > BATCH_BYTES_MAX) break;
      this.#waiting.delete(slot);
      batch.push({ slot, sealed: slot.current });
    }
    return batch;
  }

  #settle(batch: readonly Persisted[]): void {
    this.#parts.onPersisted(batch);
    // The next batch follows in a turn of its own, so that a `persist` that answers at once does not nest.
    if (this.#waiting.size > 0) this.#alarm.set(this.#parts.world.now());
    for (const watcher of this.#watchers) for (const { slot } of batch) watcher.slots.delete(slot);
    const settled = this.#watchers.filter(({ slots }) => slots.size === 0);
    this.#watchers = this.#watchers.filter(({ slots }) => slots.size > 0);
    for (const { run } of settled) run();
  }

  #retry(batch: readonly Persisted[], error: unknown): void {
    for (const { slot } of batch) this.#waiting.add(slot);
    this.#alarm.set(this.#parts.world.now() + this.#parts.retryMs);
    this.#parts.onFailed(error);
  }
}

function toKey({ origin, kind, shard }: Slot): RecordKey {
  return { origin, kind: KINDS[kind], shard };
}
