/** The embedded store: one SQLite database in the data directory, durable, shared by nobody. */

import { mkdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

import { StoreClosedError, StoreFailedError, StoreFullError, StoreOpenError } from "../../node/errors.ts";
import type {
  Appended,
  AppendEntry,
  EventStore,
  RecentIds,
  StateChange,
  StateEntry,
  StoreCapabilities,
  StoredEvent,
  StoreIncarnation,
  StoreStats,
} from "../../node/event_store.ts";
import { hashId, hashRecord, type IdHash } from "../../node/id_hash.ts";
import type { LogBlock } from "../../node/log_block.ts";
import { hashEntry } from "./hash_entry.ts";
import type { Needed } from "./needed_events.ts";
import { RetiredTopics } from "./retired_topics.ts";
import { AgeClock } from "./sqlite/age_clock.ts";
import { backupDatabase } from "./sqlite/backup.ts";
import { type Batch, CommitQueue } from "./sqlite/commit_queue.ts";
import { DirectoryLock } from "./sqlite/directory_lock.ts";
import {
  DATABASE_FILE,
  type ResolvedSqliteStoreOptions,
  resolveOptions,
  type SqliteStoreOptions,
  walBytesMax,
} from "./sqlite/options.ts";
import { Retirement } from "./sqlite/retirement.ts";
import { messageOf } from "./sqlite/sqlite_errors.ts";
import { StoredLog } from "./sqlite/stored_log.ts";
import { type Writer, WriterClient } from "./sqlite/writer_client.ts";
import type { BlockRow, LogState, Opened, WriterFailure, WriterReply } from "./sqlite/writer_protocol.ts";

export { restoreSqlite } from "./sqlite/backup.ts";
export type { SqliteStoreOptions } from "./sqlite/options.ts";

const CAPABILITIES: StoreCapabilities = {
  durable: true,
  atomicCommit: true,
  selectiveRetention: true,
  onlineBackup: true,
};

/** How often the clocks are written down when nothing else is. Shorter loses less age to a wall clock that jumps. */
const TICK_MS = 1000;

/** What a publisher is told to wait when there is no room: retention and consumers work in seconds, not in milliseconds. */
const FULL_RETRY_MS = 1000;

/** What the store is built on; a benchmark puts a writer there that works in the store's own thread. */
export interface SqliteStoreParts {
  readonly createWriter?: () => Writer;
}

/**
 * Opens the store in a data directory and creates what is missing.
 *
 * Throws `StoreOpenError` if another process uses the directory, or if the file is damaged, newer than this program or
 * another program's; the message says what to do.
 */
export async function openSqliteStore(options: SqliteStoreOptions, parts: SqliteStoreParts = {}): Promise<EventStore> {
  const resolved = resolveOptions(options);
  const dataDir = resolve(resolved.dataDir);
  createDirectory(dataDir);
  const lock = new DirectoryLock(dataDir);
  const writer = parts.createWriter?.() ?? new WriterClient();
  try {
    const file = join(dataDir, DATABASE_FILE);
    const opened = await openWriter(writer, file, resolved);
    const log = new StoredLog(file, { cacheBytesMax: resolved.cacheBytesMax, head: opened.head });
    return new SqliteStore(resolved, { file, lock, writer, opened, log });
  } catch (error) {
    writer.terminate();
    lock.release();
    throw error;
  }
}

interface Opening {
  readonly file: string;
  readonly lock: DirectoryLock;
  readonly writer: Writer;
  readonly log: StoredLog;
  readonly opened: Opened;
}

class SqliteStore implements EventStore {
  readonly capabilities = CAPABILITIES;
  readonly incarnation: StoreIncarnation;
  readonly #options: ResolvedSqliteStoreOptions;
  readonly #file: string;
  readonly #lock: DirectoryLock;
  readonly #writer: Writer;
  readonly #log: StoredLog;
  readonly #queue: CommitQueue;
  readonly #age: AgeClock;
  readonly #retirement: Retirement;
  readonly #retiredTopics: RetiredTopics;
  readonly #seed: Opened["seed"];
  readonly #usedBytesMax: number;
  #listeners: readonly ((events: readonly StoredEvent[]) => void)[] = [];
  #state: LogState;
  #wallMax: number;
  #tickedAt: number;
  #stopTimers: (() => void)[] = [];
  #failed: StoreFailedError | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedSqliteStoreOptions, { file, lock, writer, log, opened }: Opening) {
    this.#options = options;
    this.#file = file;
    this.#lock = lock;
    this.#writer = writer;
    this.#log = log;
    this.#seed = opened.seed;
    this.#queue = new CommitQueue((batch) => this.#write(batch), (entry) => hashEntry(opened.seed, entry));
    this.#age = new AgeClock(options.clock, opened.tick);
    this.#usedBytesMax = options.bytesMax - walBytesMax(options.bytesMax);
    this.#state = opened.state;
    this.#retiredTopics = new RetiredTopics(opened.state.tail);
    this.#retirement = new Retirement({
      step: async (request) => this.#apply(await this.#writer.request(request)),
      usedBytes: () => this.#state.usedBytes,
      usedBytesMax: this.#usedBytesMax,
      hasRules: options.retention.length > 0,
      now: () => this.now(),
      onError: (error) => void this.#translate(error), // no room to free room: the next commit tells
    });
    this.#wallMax = opened.wall;
    this.#tickedAt = -Infinity;
    this.incarnation = { epoch: opened.epoch, storeId: opened.storeId, opened: opened.opened };
    this.#every(TICK_MS, () => this.#tick());
    this.#every(options.retentionIntervalMs, () => this.#retirement.run());
  }

  get head(): number {
    return this.#log.head;
  }

  get tail(): number {
    return this.#state.tail;
  }

  get failure(): StoreFailedError | undefined {
    return this.#failed;
  }

  now(): number {
    return this.#age.now();
  }

  commit(entries: readonly AppendEntry[], changes: readonly StateChange[] = []): Promise<Appended> {
    const refusal = this.#refusal(entries);
    return refusal === undefined ? this.#queue.add(entries, changes) : Promise.reject(refusal);
  }

  async read(options: { after: number; eventsMax: number; bytesMax: number }): Promise<readonly StoredEvent[]> {
    return this.#openLog().read(options);
  }

  async get(position: number): Promise<StoredEvent | undefined> {
    return this.#openLog().get(position);
  }

  retiredTo(pattern: string): number {
    return this.#retiredTopics.lastOf(pattern);
  }

  async positionAt(timeMs: number): Promise<number> {
    return this.#openLog().positionAt(timeMs);
  }

  onAppend(listener: (events: readonly StoredEvent[]) => void): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => this.#listeners = this.#listeners.filter((other) => other !== listener);
  }

  async readState(key: string): Promise<Uint8Array | undefined> {
    return this.#openLog().readState(key);
  }

  async listState(options: { prefix: string; after?: string; limit: number }): Promise<readonly StateEntry[]> {
    return this.#openLog().listState(options);
  }

  setNeeded(needed: (() => readonly Needed[]) | undefined): void {
    this.#retirement.setNeeded(needed);
  }

  hashId(source: string, id: string): IdHash {
    return hashId(this.#seed, source, id);
  }

  hashRecord(record: Uint8Array): IdHash {
    return hashRecord(this.#seed, record);
  }

  async *recentIds({ idsMax, ageMs }: { idsMax: number; ageMs: number }): AsyncGenerator<RecentIds> {
    yield* this.#openLog().recentIds({ idsMax, ageMin: this.now() - ageMs });
  }

  stats(): StoreStats {
    const { events, logBytes, retired, evicted, documents, usedBytes } = this.#state;
    const storedBytes = sizeOf(this.#file) + sizeOf(`${this.#file}-wal`);
    const fill = usedBytes / this.#usedBytesMax;
    return { events, logBytes, storedBytes, bytesMax: this.#options.bytesMax, fill, retired, evicted, documents };
  }

  async backup(file: string, onProgress?: (done: number, total: number) => void): Promise<void> {
    this.#openLog();
    await backupDatabase({ source: this.#file, target: file, bytes: this.#state.usedBytes, onProgress });
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    for (const stop of this.#stopTimers) stop();
    await this.#queue.drain();
    await this.#retirement.stop();
    this.#log.close(); // before the last checkpoint, which would leave the write-ahead log to a reader
    try {
      await this.#writer.request({ type: "close", tick: this.#age.tick() });
    } catch {
      // The thread is gone; what was acknowledged is in the write-ahead log and is found at the next opening.
    }
    this.#writer.terminate();
    this.#lock.release();
  }

  /** Why an append cannot be taken now, if so. */
  #refusal(entries: readonly AppendEntry[]): Error | undefined {
    if (this.#closing !== undefined) return new StoreClosedError("Cannot write to store: it is closed; open it again");
    if (this.#failed !== undefined) return this.#failed;
    if (entries.length === 0 || this.#options.overflow === "evict-oldest") return undefined;
    // Changes of state pass, so that consumers can settle events and thereby make room.
    const hasRoom = this.#state.usedBytes + this.#queue.pendingBytes < this.#usedBytesMax;
    return hasRoom || !this.#retirement.exhausted ? undefined : this.#capError();
  }

  #capError(): StoreFullError {
    return new StoreFullError(
      `Cannot store event: the store has reached its cap of ${this.#options.bytesMax} bytes with events that ` +
        "subscriptions still need; raise store.maxBytes, let slow subscriptions catch up, or delete those of nobody",
      { full: "cap", retryAfterMs: FULL_RETRY_MS },
    );
  }

  /** Writes a batch; answers how to settle its commits, and never rejects. */
  async #write(batch: Batch): Promise<() => void> {
    if (await this.#hasRoom(batch)) return await this.#writeAll(batch);
    const { refused, others } = batch.splitEvents();
    const settle = await this.#writeAll(others);
    return () => {
      refused.reject(this.#capError());
      settle();
    };
  }

  /** Whether a batch may be written; makes room for it where that costs nobody an event. */
  async #hasRoom(batch: Batch): Promise<boolean> {
    if (this.#fits(batch)) return true;
    if (batch.storedBytes > this.#usedBytesMax) return false; // however many others go
    try {
      return await this.#retirement.makeRoom(batch.storedBytes) || this.#options.overflow === "evict-oldest";
    } catch {
      return true; // the write that follows finds out what is wrong, and says it
    }
  }

  #fits(batch: Batch): boolean {
    return batch.events === 0 || this.#state.usedBytes + batch.storedBytes <= this.#usedBytesMax;
  }

  async #writeAll(batch: Batch): Promise<() => void> {
    const position = this.#log.head + 1;
    const first = { position, sequence: position, epoch: this.incarnation.epoch };
    const now = this.#age.tick();
    this.#wallMax = Math.max(this.#wallMax, now.wall);
    const { rows, blocks } = this.#build(batch, first, now);
    try {
      if (this.#failed !== undefined) throw this.#failed;
      const tick = now.age - this.#tickedAt >= TICK_MS || batch.tick ? now : undefined;
      const transfer = rows.map(({ head }) => head.buffer); // the body lies in it too
      const needed = this.#fits(batch) ? [] : this.#retirement.needed(); // when there may be some to evict
      const request = { type: "commit", blocks: rows, changes: batch.changesAt(position), tick, needed } as const;
      this.#apply(await this.#writer.request(request, transfer));
      if (tick !== undefined) this.#tickedAt = now.age;
    } catch (error) {
      const translated = this.#translate(error);
      return () => batch.reject(translated);
    }
    for (const block of blocks) this.#log.push(block);
    this.#retirement.beginEarly();
    return () => {
      batch.resolve(first);
      this.#notify(blocks);
    };
  }

  #build(batch: Batch, first: Appended, now: { wall: number; age: number }): { rows: BlockRow[]; blocks: LogBlock[] } {
    const rows: BlockRow[] = [];
    const blocks: LogBlock[] = [];
    let offset = 0;
    for (const builder of batch.builders) {
      const events = builder.count;
      const position = first.position + offset;
      const origin = builder.origin ?? { cluster: this.#options.cluster, epoch: first.epoch, sequence: position };
      const { head, body, block } = builder.finish({
        origin: origin.cluster,
        epoch: origin.epoch,
        firstPosition: position,
        firstSequence: origin.sequence,
        acceptedAt: now.wall,
        acceptedAge: now.age,
      });
      rows.push({ position, last: position + events - 1, events, wall: this.#wallMax, age: now.age, head, body });
      blocks.push(block);
      offset += events;
    }
    return { rows, blocks };
  }

  #notify(blocks: readonly LogBlock[]): void {
    for (const block of blocks) {
      if (this.#listeners.length > 0) {
        const events = Array.from({ length: block.head.count }, (_, i) => block.eventAt(i));
        for (const listener of this.#listeners) listener(events);
      }
      block.forgetEvents(); // readers that keep up have got them; the cache is for bytes
    }
  }

  /** Takes over what a request changed, or throws what it failed with. */
  #apply(reply: WriterReply): boolean {
    if (reply.type === "failed") throw reply;
    if (reply.type !== "done") return false;
    this.#state = reply.state;
    for (const [topic, position] of reply.state.retiredTo) this.#retiredTopics.note(topic, position);
    if (reply.state.changedTo > 0) this.#log.dropTo(reply.state.changedTo);
    return reply.more;
  }

  #translate(error: unknown): Error {
    if (isFailure(error) && error.reason === "full") {
      const message =
        `Cannot store event: the disk of "${this.#file}" is full (${error.message}); free some space on it`;
      return new StoreFullError(message, { full: "disk", retryAfterMs: FULL_RETRY_MS });
    }
    // After any other failed write nobody knows what the disk holds (a failed fsync may drop the pages): trust ends here.
    if (this.#failed === undefined) {
      this.#failed = error instanceof StoreFailedError ? error : new StoreFailedError(
        `Cannot write to store "${this.#file}": ${reasonOf(error)}; restart the node`,
        { cause: error },
      );
      this.#options.onFailure(this.#failed);
    }
    return this.#failed;
  }

  #openLog(): StoredLog {
    if (this.#closing !== undefined) throw new StoreClosedError("Cannot read store: it is closed; open it again");
    return this.#log;
  }

  #tick(): void {
    if (this.#failed === undefined && this.#age.now() - this.#tickedAt >= TICK_MS) this.#queue.tick();
  }

  #every(ms: number, run: () => void): void {
    const index = this.#stopTimers.length;
    const arm = () => {
      this.#stopTimers[index] = this.#options.clock.after(ms, () => {
        run();
        if (this.#closing === undefined) arm();
      });
    };
    arm();
  }
}

async function openWriter(writer: Writer, file: string, options: ResolvedSqliteStoreOptions): Promise<Opened> {
  const { bytesMax, overflow, retention, synchronous, pagesMax, clock } = options;
  const wall = clock.wall();
  const reply = await writer.request({
    type: "open",
    file,
    bytesMax,
    overflow,
    retention,
    synchronous,
    pagesMax,
    wall,
  });
  if (reply.type === "opened") return reply;
  const because = isFailure(reply) ? reply.message : `unexpected answer "${reply.type}"`;
  const way = isFailure(reply) && reply.reason === "full" ? "; free some space on its disk" : "";
  throw new StoreOpenError(`Cannot open store "${file}": ${because}${way}`);
}

function createDirectory(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    const message = `Cannot open store "${dataDir}": ${
      messageOf(error)
    }; name a data directory that can be made and written`;
    throw new StoreOpenError(message, { cause: error });
  }
}

function isFailure(value: unknown): value is WriterFailure {
  return typeof value === "object" && value !== null && (value as WriterFailure).type === "failed";
}

function reasonOf(error: unknown): string {
  return isFailure(error) ? error.message : messageOf(error);
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
