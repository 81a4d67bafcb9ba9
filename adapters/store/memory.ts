/** A store in memory, for tests and for trying things out: the port's promises but for durability. */

import { type Clock, systemClock } from "../../node/clock.ts";
import { StoreClosedError, StoreFailedError, StoreFullError } from "../../node/errors.ts";
import type { CloudEvent } from "../../node/event.ts";
import { encodeRecord, recordEvent } from "../../node/event_record.ts";
import type {
  Appended,
  AppendEntry,
  EventStore,
  RecentIds,
  RetentionRule,
  StateChange,
  StateEntry,
  StoreCapabilities,
  StoredEvent,
  StoreIncarnation,
  StoreStats,
} from "../../node/event_store.ts";
import { hashId, type IdHash } from "../../node/id_hash.ts";
import { patternMatches } from "../../node/topic.ts";

export interface MemoryStoreOptions {
  readonly cluster: string;
  /** Cap on the bytes of records held. Default 256 MiB. */
  readonly bytesMax?: number;
  /** See `SqliteStoreOptions.overflow`. Default `block`. */
  readonly overflow?: "block" | "evict-oldest";
  readonly retention?: readonly RetentionRule[];
  /** How often retention looks, in ms. Default 1,000. */
  readonly retentionIntervalMs?: number;
  readonly clock?: Clock;
}

const CAPABILITIES: StoreCapabilities = {
  durable: false,
  atomicCommit: true,
  selectiveRetention: true,
  onlineBackup: false,
};

/** Opens an empty store. */
export function openMemoryStore(options: MemoryStoreOptions): Promise<EventStore> {
  return Promise.resolve(new MemoryStore(options));
}

class MemoryStore implements EventStore {
  readonly capabilities = CAPABILITIES;
  readonly incarnation: StoreIncarnation;
  readonly #options: Required<MemoryStoreOptions>;
  readonly #seed: IdHash;
  readonly #state = new Map<string, Uint8Array>();
  #events: StoredEvent[] = []; // by position
  #listeners: readonly ((events: readonly StoredEvent[]) => void)[] = [];
  #needed: () => readonly { pattern: string; from: number }[] = () => [];
  #head = 0;
  #bytes = 0;
  #retired = 0;
  #evicted = 0;
  #lastCommit: Promise<unknown> = Promise.resolve();
  #stopTimer: () => void = () => {};
  #closed = false;

  constructor(options: MemoryStoreOptions) {
    this.#options = {
      bytesMax: 256 * 1024 * 1024,
      overflow: "block",
      retention: [],
      retentionIntervalMs: 1000,
      clock: systemClock,
      ...options,
    };
    const [hi, lo, random] = crypto.getRandomValues(new Uint32Array(3));
    this.#seed = { hi, lo };
    this.incarnation = { epoch: 2 ** 32 + random, storeId: crypto.randomUUID(), opened: "created" };
    if (this.#options.retention.length > 0) this.#armRetention();
  }

  get head(): number {
    return this.#head;
  }

  get tail(): number {
    return this.#events[0]?.position ?? this.#head + 1;
  }

  now(): number {
    return this.#options.clock.now();
  }

  commit(entries: readonly AppendEntry[], changes: readonly StateChange[] = []): Promise<Appended> {
    if (this.#closed) return Promise.reject(new StoreClosedError("Cannot write to store: it is closed; open it again"));
    const commit = this.#lastCommit.then(() => this.#apply(entries, changes));
    this.#lastCommit = commit.catch(() => {});
    return commit;
  }

  async read(options: { after: number; eventsMax: number; bytesMax: number }): Promise<readonly StoredEvent[]> {
    this.#assertOpen();
    const found: StoredEvent[] = [];
    let bytes = 0;
    for (let i = this.#indexFrom(options.after + 1); i < this.#events.length; i++) {
      if (found.length >= options.eventsMax || (found.length > 0 && bytes >= options.bytesMax)) break;
      found.push(this.#events[i]);
      bytes += this.#events[i].bytes;
    }
    return found;
  }

  async get(position: number): Promise<StoredEvent | undefined> {
    this.#assertOpen();
    const event = this.#events[this.#indexFrom(position)];
    return event?.position === position ? event : undefined;
  }

  async positionAt(timeMs: number): Promise<number> {
    this.#assertOpen();
    return this.#events.find(({ acceptedAt }) => acceptedAt >= timeMs)?.position ?? this.#head + 1;
  }

  onAppend(listener: (events: readonly StoredEvent[]) => void): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => this.#listeners = this.#listeners.filter((other) => other !== listener);
  }

  async readState(key: string): Promise<Uint8Array | undefined> {
    this.#assertOpen();
    return this.#state.get(key)?.slice();
  }

  async listState(
    { prefix, after = "", limit }: { prefix: string; after?: string; limit: number },
  ): Promise<readonly StateEntry[]> {
    this.#assertOpen();
    return [...this.#state]
      .filter(([key]) => key.startsWith(prefix) && compareUtf8(key, after) > 0)
      .sort(([a], [b]) => compareUtf8(a, b))
      .slice(0, limit)
      .map(([key, value]) => ({ key, value: value.slice() }));
  }

  setNeeded(needed: (() => readonly { pattern: string; from: number }[]) | undefined): void {
    this.#needed = needed ?? (() => []);
  }

  hashId(source: string, id: string): IdHash {
    return hashId(this.#seed, source, id);
  }

  async *recentIds({ idsMax, ageMs }: { idsMax: number; ageMs: number }): AsyncGenerator<RecentIds> {
    this.#assertOpen();
    const ageMin = this.now() - ageMs;
    for (const { position, acceptedAge, event } of this.#events.slice(-idsMax)) {
      if (acceptedAge < ageMin) continue;
      const { hi, lo } = this.hashId(event.attributes.source, event.attributes.id);
      yield { position, count: 1, hashes: Uint32Array.of(hi, lo), acceptedAge };
    }
  }

  stats(): StoreStats {
    return {
      events: this.#events.length,
      logBytes: this.#bytes,
      storedBytes: this.#bytes,
      bytesMax: this.#options.bytesMax,
      retired: this.#retired,
      evicted: this.#evicted,
    };
  }

  backup(file: string): Promise<void> {
    return Promise.reject(
      new StoreFailedError(`Cannot back up to "${file}": the store is in memory; use store.kind sqlite`),
    );
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#stopTimer();
    return this.#lastCommit.then(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #apply(entries: readonly AppendEntry[], changes: readonly StateChange[]): Appended {
    const records = entries.map((entry) => encodeRecord(entry));
    this.#makeRoom(records.reduce((sum, record) => sum + record.length, 0));
    const first = this.#head + 1;
    const events = entries.map((entry, i) => this.#toStored(entry, { position: first + i, record: records[i] }));
    this.#head += events.length;
    this.#events.push(...events);
    for (const { bytes } of events) this.#bytes += bytes;
    for (const { key, value } of changes) {
      if (value === undefined) this.#state.delete(key);
      else this.#state.set(key, value.slice());
    }
    if (events.length > 0) { for (const listener of this.#listeners) listener(events); }
    const position = events.length > 0 ? first : this.#head;
    return { position, sequence: position, epoch: this.incarnation.epoch };
  }

  #makeRoom(incoming: number): void {
    const { bytesMax, overflow } = this.#options;
    if (incoming === 0 || this.#bytes + incoming <= bytesMax) return;
    if (overflow === "block") {
      throw new StoreFullError(`Cannot store event: the store has reached its cap of ${bytesMax} bytes`, {
        full: "cap",
        retryAfterMs: 1000,
      });
    }
    const needed = this.#needed();
    while (this.#events.length > 0 && this.#bytes + incoming > bytesMax) {
      const [event] = this.#remove((_, index) => index === 0);
      if (isNeeded(needed, event)) this.#evicted++;
    }
  }

  #armRetention(): void {
    const { clock, retentionIntervalMs, retention } = this.#options;
    this.#stopTimer = clock.after(retentionIntervalMs, () => {
      const needed = this.#needed();
      const kept = this.#keptByRules(retention);
      this.#remove((event) => !kept.has(event.position) && !isNeeded(needed, event));
      this.#armRetention();
    });
  }

  /** Positions that the rules keep, needed or not. */
  #keptByRules(rules: readonly RetentionRule[]): Set<number> {
    const totals = rules.map(() => ({ events: 0, bytes: 0 }));
    const kept = new Set<number>();
    for (const event of this.#events.toReversed()) {
      const index = rules.findIndex(({ pattern }) => patternMatches(pattern, event.topic));
      if (index < 0 || this.#isKept(event, rules[index], totals[index])) kept.add(event.position);
    }
    return kept;
  }

  #isKept(event: StoredEvent, rule: RetentionRule, newer: { events: number; bytes: number }): boolean {
    newer.events++;
    newer.bytes += event.bytes;
    const { maxAgeMs = Infinity, maxCount = Infinity, maxBytes = Infinity } = rule;
    return this.now() - event.acceptedAge <= maxAgeMs && newer.events <= maxCount && newer.bytes <= maxBytes;
  }

  #remove(goes: (event: StoredEvent, index: number) => boolean): StoredEvent[] {
    const removed = this.#events.filter(goes);
    this.#events = this.#events.filter((event, index) => !goes(event, index));
    for (const { bytes } of removed) this.#bytes -= bytes;
    this.#retired += removed.length;
    return removed;
  }

  #toStored(entry: AppendEntry, { position, record }: { position: number; record: Uint8Array }): StoredEvent {
    let decoded: CloudEvent | undefined;
    return {
      position,
      topic: entry.topic,
      get event() {
        return decoded ??= recordEvent(record);
      },
      origin: this.#options.cluster,
      epoch: this.incarnation.epoch,
      sequence: position,
      acceptedAt: this.#options.clock.wall(),
      acceptedAge: this.now(),
      ttlMs: entry.ttlMs,
      bytes: record.length,
    };
  }

  #indexFrom(position: number): number {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#events[middle].position < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreClosedError("Cannot read store: it is closed; open it again");
  }
}

function isNeeded(needed: readonly { pattern: string; from: number }[], event: StoredEvent): boolean {
  return needed.some(({ pattern, from }) => from <= event.position && patternMatches(pattern, event.topic));
}

/** The order of the keys as UTF-8 bytes, which is that of their code points; JavaScript's own is that of UTF-16. */
function compareUtf8(a: string, b: string): number {
  const [left, right] = [Array.from(a, codePoint), Array.from(b, codePoint)];
  const at = left.findIndex((unit, i) => unit !== right[i]);
  if (at < 0) return left.length - right.length;
  return left[at] - (right[at] ?? -1);
}

function codePoint(character: string): number {
  return character.codePointAt(0)!;
}
