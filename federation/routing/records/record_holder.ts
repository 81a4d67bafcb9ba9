/** Holds records through their lives: takes one in, has it persisted, tells of it, and purges it when its time is over. */

import type { World } from "../../world.ts";

import { Ageing } from "./ageing.ts";
import type { Slot } from "./kind_records.ts";
import { type InstalledRecord, KINDS, LIFETIME_MS_MAX, type MeshRecord, type RecordKind } from "./mesh_record.ts";
import type { Notices } from "./notices.ts";
import { type Persisted, PersistQueue } from "./persist_queue.ts";
import type { RecordsOptions } from "./records_options.ts";
import type { RecordsParts } from "./records_parts.ts";
import { RecordTable } from "./record_table.ts";
import { isSameBody, type SealedRecord, toMeshRecord } from "./sealed_record.ts";

const INTEREST = KINDS.indexOf("interest");

export interface RecordHolderParts extends Pick<RecordsParts, "persist" | "onInstalled" | "onPurged"> {
  readonly world: World;
  readonly options: RecordsOptions;
  readonly notices: Notices;
  /** A record's life ended. Answers whether it was written anew instead. */
  revive(slot: Slot): boolean;
  /** A slot is empty from now on. */
  onEmptied(slot: Slot): void;
}

export class RecordHolder {
  readonly table: RecordTable;
  readonly #parts: RecordHolderParts;
  readonly #ageing: Ageing;
  readonly #persist: PersistQueue;
  #news: InstalledRecord[] = [];
  /** How many calls are under way that tell of news at their end. */
  #depth = 0;
  #installed = 0;
  #purged = 0;
  #stopped = false;

  constructor(parts: RecordHolderParts) {
    const { world, options, notices } = parts;
    this.#parts = parts;
    this.table = new RecordTable(options);
    this.#ageing = new Ageing(world, (slots) => this.batch(() => this.#purge(slots)));
    this.#persist = new PersistQueue({
      world,
      retryMs: options.persistRetryMs,
      isReplaced: (slot) => this.table.find(slot) !== undefined,
      persist: (records, removed, done) => parts.persist(records, removed, done),
      onPersisted: (persisted) => this.batch(() => this.#tellPersisted(persisted)),
      onFailed: (error) => notices.give({ code: "PERSIST_FAILED", detail: `Cannot persist records: ${error}` }),
    });
  }

  get installed(): number {
    return this.#installed;
  }

  get purged(): number {
    return this.#purged;
  }

  /** Puts a record that counts in its place, and tells of it once it may be told of. */
  take(sealed: SealedRecord, lifetimeMs: number): Slot {
    const slot = this.#place(sealed, lifetimeMs);
    if (sealed.kind === INTEREST) this.#persist.add(slot);
    else this.#tell(slot, sealed);
    return slot;
  }

  /** As `take`, for what is persisted already. */
  takePersisted(sealed: SealedRecord, lifetimeMs: number): void {
    this.#tell(this.#place(sealed, lifetimeMs), sealed);
  }

  /** Calls `run` once when everything taken so far is told of. */
  afterPersisted(run: () => void): void {
    this.#persist.afterSettled(run);
  }

  /** The installed record of a slot; `undefined` also where it was withdrawn. */
  toLive(slot: Slot): MeshRecord | undefined {
    const { installed } = slot;
    return installed === undefined || installed.withdrawn
      ? undefined
      : toMeshRecord(installed, this.#remainingMs(slot));
  }

  list(kind: RecordKind): readonly MeshRecord[] {
    const number = KINDS.indexOf(kind);
    const records: MeshRecord[] = [];
    for (const slot of this.table.slots()) {
      const record = slot.kind === number ? this.toLive(slot) : undefined;
      if (record !== undefined) records.push(record);
    }
    return records;
  }

  /** Tells of news once the outermost call has done its work, so that a listener meets a database at rest. */
  batch<T>(run: () => T): T {
    this.#depth++;
    try {
      return run();
    } finally {
      if (this.#depth === 1) this.#tellNews();
      this.#depth--;
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#ageing.stop();
    this.#persist.stop();
  }

  #place(sealed: SealedRecord, lifetimeMs: number): Slot {
    const slot = this.table.put(sealed, this.#parts.world.now() + Math.min(lifetimeMs, LIFETIME_MS_MAX));
    this.#ageing.watch(slot);
    return slot;
  }

  #tellPersisted(persisted: readonly Persisted[]): void {
    for (const { slot, sealed } of persisted) {
      if (sealed !== undefined && slot.current !== undefined) this.#tell(slot, sealed);
    }
  }

  #tell(slot: Slot, sealed: SealedRecord): void {
    const before = slot.installed;
    const refreshed = before !== undefined && isSameBody(before, sealed);
    this.table.kindOf(slot.origin, slot.kind)!.install(slot, sealed);
    this.#installed++;
    const record = toMeshRecord(sealed, this.#remainingMs(slot));
    if (record !== undefined) this.#news.push({ ...record, refreshed });
  }

  #purge(slots: readonly Slot[]): void {
    const gone: MeshRecord[] = [];
    for (const slot of slots) {
      if (this.#parts.revive(slot)) continue;
      const record = toMeshRecord(slot.current!, 0);
      if (record !== undefined) gone.push(record);
      this.table.remove(slot);
      this.#ageing.forget(slot);
      if (slot.kind === INTEREST) this.#persist.add(slot);
      this.#purged++;
      this.#parts.onEmptied(slot);
    }
    if (gone.length > 0) this.#parts.onPurged(gone);
  }

  #remainingMs(slot: Slot): number {
    return Math.max(0, Math.floor(slot.expiresAt - this.#parts.world.now()));
  }

  #tellNews(): void {
    while (this.#news.length > 0 && !this.#stopped) {
      const news = this.#news;
      this.#news = [];
      this.#parts.onInstalled(news);
    }
  }
}
