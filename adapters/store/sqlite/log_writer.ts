/** The one connection that writes: commits, retention, and what is read at the start. Runs in a thread of its own. */

import { DatabaseSync, type StatementSync } from "node:sqlite";

import { BlockHead } from "../../../node/block_head.ts";
import { NeededEvents } from "../needed_events.ts";
import { BlockTable } from "./block_table.ts";
import { copyLedger, countDocument, countIn, type LedgerCounts, loadLedger, saveLedger } from "./log_ledger.ts";
import { ensureIdentity, mintEpoch, readTick, writeTick } from "./meta.ts";
import { BLOCK_OVERHEAD_BYTES, walBytesMax } from "./options.ts";
import { Retention, type StepResult } from "./retention.ts";
import { RoomMaker } from "./room_maker.ts";
import { RuleRecount } from "./rule_recount.ts";
import { encodeTallies, RuleTally } from "./rule_tally.ts";
import { assertSound, migrate, pragma } from "./schema.ts";
import type {
  BlockRow,
  CloseRequest,
  CommitRequest,
  LogState,
  Opened,
  OpenRequest,
  ReclaimRequest,
  RetainRequest,
} from "./writer_protocol.ts";

/** Every method is one transaction: all of it is durable when it returns, none of it when it throws. */
export class LogWriter {
  readonly opened: Opened;
  readonly #database: DatabaseSync;
  readonly #evictBeyond: number;
  readonly #tally: RuleTally;
  readonly #blocks: BlockTable;
  readonly #retention: Retention;
  readonly #roomMaker: RoomMaker;
  readonly #recount: RuleRecount;
  readonly #insert: StatementSync;
  readonly #addDocument: StatementSync;
  readonly #changeDocument: StatementSync;
  readonly #remove: StatementSync;
  readonly #tail: StatementSync;
  readonly #pageCount: StatementSync;
  readonly #freePages: StatementSync;
  readonly #pageBytes: number;
  #counts: LedgerCounts;
  #tailKnown: number | undefined; // undefined: to be read again, or the log is empty

  constructor(request: OpenRequest) {
    const walBytes = walBytesMax(request.bytesMax);
    this.#evictBeyond = request.overflow === "evict-oldest" ? request.bytesMax - walBytes : Infinity;
    this.#database = openDatabase(request, walBytes);
    const existed = migrate(this.#database);
    assertSound(this.#database);
    this.#insert = this.#database.prepare("INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    this.#addDocument = this.#database.prepare("INSERT INTO state (value, key) VALUES (?, ?)");
    this.#changeDocument = this.#database.prepare("UPDATE state SET value = ? WHERE key = ?");
    this.#remove = this.#database.prepare("DELETE FROM state WHERE key = ?");
    this.#tail = this.#database.prepare("SELECT head FROM block ORDER BY position LIMIT 1");
    this.#pageCount = this.#database.prepare("PRAGMA page_count");
    this.#freePages = this.#database.prepare("PRAGMA freelist_count");
    this.#pageBytes = pragma(this.#database, "page_size");
    this.#tally = new RuleTally(request.retention);
    this.#blocks = new BlockTable(this.#database);
    this.#retention = new Retention(this.#blocks, request.retention, this.#tally);
    this.#roomMaker = new RoomMaker({
      blocks: this.#blocks,
      tally: this.#tally,
      isTallied: (position) => this.#recount.counted(position),
      onGone: (tallies) => this.#retention.noteGone(tallies),
    });
    this.#counts = loadLedger(this.#database);
    this.#recount = new RuleRecount(this.#database, this.#tally, this.#counts, JSON.stringify(request.retention));
    this.opened = this.#transaction(() => this.#begin(existed, request.wall));
  }

  commit(request: CommitRequest): LogState {
    let changedTo = 0;
    this.#transaction(() => {
      changedTo = this.#evict(request);
      for (const block of request.blocks) this.#append(block);
      let recounted = request.tick !== undefined || changedTo > 0;
      for (const [key, value] of request.changes) if (this.#changeState(key, value)) recounted = true;
      if (request.tick !== undefined) writeTick(this.#database, request.tick);
      if (recounted) saveLedger(this.#database, this.#counts);
    });
    return this.#state(changedTo);
  }

  retain({ age, needed }: RetainRequest): { state: LogState; more: boolean } {
    return this.#step(() => {
      if (this.#recount.done) return this.#retention.step(this.#counts, { age, needed: new NeededEvents(needed) });
      this.#recount.step(this.#counts);
      return { changedTo: 0, more: true };
    });
  }

  reclaim({ needed, usedBytes }: ReclaimRequest): { state: LogState; more: boolean } {
    const isEnough = () => this.#usedBytes() <= usedBytes;
    return this.#step(() => this.#roomMaker.step(this.#counts, { needed: new NeededEvents(needed), isEnough }));
  }

  close({ tick }: CloseRequest): void {
    try {
      this.#transaction(() => {
        writeTick(this.#database, tick);
        saveLedger(this.#database, this.#counts);
      });
      this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } finally {
      this.#database.close();
    }
  }

  #begin(existed: "created" | "reopened", wall: number): Opened {
    const { storeId, seed } = ensureIdentity(this.#database);
    const { epoch, restored } = mintEpoch(this.#database);
    const newest = this.#database.prepare("SELECT wall FROM block ORDER BY position DESC LIMIT 1").get();
    return {
      type: "opened",
      epoch,
      storeId,
      seed,
      opened: restored ? "restored" : existed,
      head: this.#counts.head,
      wall: Number(newest?.wall ?? 0),
      tick: readTick(this.#database) ?? { wall, age: 0 },
      state: this.#state(0),
    };
  }

  #append(block: BlockRow): void {
    const { position, last, events, wall, age, head, body } = block;
    const rules = this.#tally.count(head, body, events);
    this.#insert.run(position, last, events, wall, age, encodeTallies(rules), head, body);
    countIn(this.#counts, { last, events, bytes: body.length, rules });
  }

  /** Whether there is one document more or less now. */
  #changeState(key: string, value: Uint8Array | null): boolean {
    if (value === null) {
      if (this.#remove.run(key).changes === 0) return false;
      countDocument(this.#counts, key, -1);
      return true;
    }
    if (this.#changeDocument.run(value, key).changes > 0) return false;
    this.#addDocument.run(value, key);
    countDocument(this.#counts, key, 1);
    return true;
  }

  #step(run: () => StepResult): { state: LogState; more: boolean } {
    const { changedTo, more } = this.#transaction(() => {
      const recounts = !this.#recount.done;
      const result = run();
      if (result.changedTo > 0 || recounts) saveLedger(this.#database, this.#counts);
      return result;
    });
    return { state: this.#state(changedTo), more };
  }

  #evict({ blocks, needed }: CommitRequest): number {
    let changedTo = 0;
    if (this.#evictBeyond === Infinity || blocks.length === 0) return changedTo;
    const incoming = blocks.reduce((sum, { head, body }) => sum + head.length + body.length + BLOCK_OVERHEAD_BYTES, 0);
    const still = new NeededEvents(needed);
    while (this.#usedBytes() + incoming > this.#evictBeyond) {
      const removed = this.#roomMaker.evictOldest(this.#counts, still);
      if (removed === 0) break;
      changedTo = removed;
    }
    return changedTo;
  }

  #transaction<Result>(run: () => Result): Result {
    const before = copyLedger(this.#counts);
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = run();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      this.#rollBack();
      this.#counts = before;
      this.#retention.reset();
      this.#roomMaker.reset();
      this.#recount.restart(this.#counts);
      this.#blocks.takeGone();
      this.#tailKnown = undefined;
      throw error;
    }
  }

  #rollBack(): void {
    try {
      this.#database.exec("ROLLBACK");
    } catch {
      // SQLite has already done it, as it does when the disk is full.
    }
  }

  #state(changedTo: number): LogState {
    const { events, bytes, retired, evicted, head, documents } = this.#counts;
    if (changedTo > 0) this.#tailKnown = undefined;
    const tail = this.#tailKnown ??= this.#readTail();
    const usedBytes = this.#usedBytes();
    const retiredTo = this.#blocks.takeGone();
    return {
      tail: tail ?? head + 1,
      events,
      logBytes: bytes,
      retired,
      evicted,
      documents: { ...documents },
      usedBytes,
      changedTo,
      retiredTo,
    };
  }

  #usedBytes(): number {
    const pages = this.#pageCount.get() as { page_count: number };
    const free = this.#freePages.get() as { freelist_count: number };
    return (pages.page_count - free.freelist_count) * this.#pageBytes;
  }

  #readTail(): number | undefined {
    const row = this.#tail.get() as unknown as { head: Uint8Array } | undefined;
    if (row === undefined) return undefined;
    const head = new BlockHead(row.head);
    return head.firstPosition + head.deltaAt(0);
  }
}

function openDatabase({ file, synchronous, pagesMax }: OpenRequest, walBytes: number): DatabaseSync {
  const database = new DatabaseSync(file);
  try {
    database.exec("PRAGMA journal_mode = WAL");
    database.exec(`PRAGMA synchronous = ${synchronous}; PRAGMA journal_size_limit = ${walBytes}`);
    database.exec(`PRAGMA wal_autocheckpoint = ${Math.floor(walBytes / 2 / pragma(database, "page_size"))}`);
    if (pagesMax !== undefined) database.exec(`PRAGMA max_page_count = ${pagesMax}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
