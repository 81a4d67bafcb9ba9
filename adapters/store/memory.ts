/** A store in memory, for tests and for trying things out: the port's promises but for durability. */

import { type Clock, systemClock } from "../../node/clock.ts";
import { StoreClosedError, StoreFailedError, StoreFullError } from "../../node/errors.ts";
import { encodeRecord } from "../../node/event_record.ts";
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
import { hashId, hashRecord, type IdHash } from "../../node/id_hash.ts";
import { patternMatches } from "../../node/topic.ts";
import { isForNobody } from "../../node/audience.ts";
import { MemoryEvent } from "./memory/memory_event.ts";
import { MemoryLog } from "./memory/memory_log.ts";
import { EVERYTHING, type Needed, NeededEvents } from "./needed_events.ts";
import { RetiredTopics } from "./retired_topics.ts";
import { assertKey, compareKeys, firstLevel, keyAtPosition } from "./state_keys.ts";
import { UnneededSearch } from "./unneeded_search.ts";

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

/** Shares of the cap: above the first, what nobody needs is retired with each commit until the second is reached. */
const RECLAIM_ABOVE = 0.9;
const RECLAIM_TO = 0.85;
/** Pieces of the log that a commit looks at meanwhile; at the cap as many as it takes. */
const RECLAIM_STEPS = 2;

/** Opens an empty store. */
export function openMemoryStore(options: MemoryStoreOptions): Promise<EventStore> {
  return Promise.resolve(new MemoryStore(options));
}

class MemoryStore implements EventStore {
  readonly capabilities = CAPABILITIES;
  readonly failure = undefined;
  readonly incarnation: StoreIncarnation;
  readonly #options: Required<MemoryStoreOptions>;
  readonly #seed: IdHash;
  readonly #state = new Map<string, Uint8Array>();
  readonly #documents: Record<string, number> = {};
  readonly #retiredTopics = new RetiredTopics();
  readonly #log = new MemoryLog((event) => this.#noteRetired(event));
  readonly #search = new UnneededSearch();
  #listeners: readonly ((events: readonly StoredEvent[]) => void)[] = [];
  #needed: () => readonly Needed[] = () => EVERYTHING;
  #head = 0;
  #evicted = 0;
  #reclaims = false;
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
    return this.#log.first?.position ?? this.#head + 1;
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
    for (const event of this.#log.from(options.after + 1)) {
      if (found.length >= options.eventsMax || (found.length > 0 && bytes >= options.bytesMax)) break;
      found.push(event);
      bytes += event.bytes;
    }
    return found;
  }

  async get(position: number): Promise<StoredEvent | undefined> {
    this.#assertOpen();
    const [event] = this.#log.from(position).take(1);
    return event?.position === position ? event : undefined;
  }

  retiredTo(pattern: string): number {
    return this.#retiredTopics.lastOf(pattern);
  }

  async positionAt(timeMs: number): Promise<number> {
    this.#assertOpen();
    return this.#log.from(0).find(({ acceptedAt }) => acceptedAt >= timeMs)?.position ?? this.#head + 1;
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
      .filter(([key]) => key.startsWith(prefix) && compareKeys(key, after) > 0)
      .sort(([a], [b]) => compareKeys(a, b))
      .slice(0, limit)
      .map(([key, value]) => ({ key, value: value.slice() }));
  }

  setNeeded(needed: (() => readonly Needed[]) | undefined): void {
    this.#needed = needed ?? (() => []);
  }

  hashId(source: string, id: string): IdHash {
    return hashId(this.#seed, source, id);
  }

  hashRecord(record: Uint8Array): IdHash {
    return hashRecord(this.#seed, record);
  }

  async *recentIds({ idsMax, ageMs }: { idsMax: number; ageMs: number }): AsyncGenerator<RecentIds> {
    this.#assertOpen();
    const ageMin = this.now() - ageMs;
    for (const { position, acceptedAge, record } of [...this.#log.backwards().take(idsMax)].reverse()) {
      if (acceptedAge < ageMin) continue;
      const { hi, lo } = this.hashRecord(record);
      yield { position, count: 1, hashes: Uint32Array.of(hi, lo), acceptedAge };
    }
  }

  stats(): StoreStats {
    return {
      events: this.#log.count,
      logBytes: this.#log.bytes,
      storedBytes: this.#log.bytes,
      bytesMax: this.#options.bytesMax,
      fill: this.#log.bytes / this.#options.bytesMax,
      retired: this.#log.removed,
      evicted: this.#evicted,
      documents: { ...this.#documents },
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
    for (const { key } of changes) assertKey(key);
    const records = entries.map((entry) => entry.record?.slice() ?? encodeRecord(entry));
    this.#makeRoom(records.reduce((sum, record) => sum + record.length, 0));
    const first = this.#head + 1;
    const events = entries.map((entry, i) => this.#toStored(entry, { position: first + i, record: records[i] }));
    this.#head += events.length;
    for (const event of events) this.#log.push(event);
    const position = events.length > 0 ? first : this.#head;
    for (const { key, value, atPosition } of changes) {
      this.#change(atPosition ? keyAtPosition(key, position) : key, value);
    }
    if (events.length > 0) { for (const listener of this.#listeners) listener(events); }
    return { position, sequence: position, epoch: this.incarnation.epoch };
  }

  #change(key: string, value: Uint8Array | undefined): void {
    const before = this.#state.size;
    if (value === undefined) this.#state.delete(key);
    else this.#state.set(key, value.slice());
    const kind = firstLevel(key);
    this.#documents[kind] = (this.#documents[kind] ?? 0) + this.#state.size - before;
  }

  /** Retires what nobody needs, early and a little at a time; at the cap `overflow` decides about the rest. */
  #makeRoom(incoming: number): void {
    const { bytesMax, overflow } = this.#options;
    if (incoming === 0) return;
    const used = () => this.#log.bytes + incoming;
    this.#reclaims = used() > bytesMax * (this.#reclaims ? RECLAIM_TO : RECLAIM_ABOVE);
    if (!this.#reclaims) return;
    const needed = new NeededEvents(this.#needed());
    this.#search.tell(needed.list);
    for (let steps = 0; steps < RECLAIM_STEPS || used() > bytesMax; steps++) {
      const searched = this.#log.thinAt(this.#search.next, (event) => !needed.has(event));
      if (searched === undefined) break;
      this.#search.searched(searched);
    }
    if (used() > bytesMax && overflow === "block") throw capError(bytesMax);
    while (used() > bytesMax) {
      const event = this.#log.removeFirst();
      if (event === undefined) return;
      if (needed.has(event)) this.#evicted++;
    }
  }

  #armRetention(): void {
    const { clock, retentionIntervalMs, retention } = this.#options;
    this.#stopTimer = clock.after(retentionIntervalMs, () => {
      const needed = new NeededEvents(this.#needed());
      const kept = this.#keptByRules(retention);
      const goes = (event: StoredEvent) => !kept.has(event.position) && !needed.has(event);
      for (let at: number | undefined = 0; at !== undefined;) at = this.#log.thinAt(at + 1, goes);
      this.#armRetention();
    });
  }

  /** Positions that the rules keep, needed or not. */
  #keptByRules(rules: readonly RetentionRule[]): Set<number> {
    const totals = rules.map(() => ({ events: 0, bytes: 0 }));
    const kept = new Set<number>();
    for (const event of this.#log.backwards()) {
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

  #toStored(
    { origin, audience = "everybody" }: AppendEntry,
    place: { position: number; record: Uint8Array },
  ): StoredEvent {
    const { position, record } = place;
    const { cluster, clock } = this.#options;
    return new MemoryEvent(record, {
      position,
      origin: origin ?? { cluster, epoch: this.incarnation.epoch, sequence: position },
      audience,
      acceptedAt: clock.wall(),
      acceptedAge: this.now(),
    });
  }

  #noteRetired(event: StoredEvent): void {
    if (!isForNobody(event.audience)) this.#retiredTopics.note(event.topic, event.position);
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreClosedError("Cannot read store: it is closed; open it again");
  }
}

function capError(bytesMax: number): StoreFullError {
  return new StoreFullError(
    `Cannot store event: the store has reached its cap of ${bytesMax} bytes with events that subscriptions still need; ` +
      "raise store.maxBytes, let slow subscriptions catch up, or delete those of nobody",
    { full: "cap", retryAfterMs: 1000 },
  );
}
