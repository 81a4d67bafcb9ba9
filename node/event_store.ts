/** Port: where accepted events and everything else durable are kept. */

import type { StoreFailedError } from "./errors.ts";
import type { CloudEvent } from "./event.ts";
import type { IdHash } from "./id_hash.ts";

/** What a store can promise beyond the port; what the node does without each is said beside it. */
export interface StoreCapabilities {
  /** What is resolved survives a killed process and a lost machine's power. Without: the node warns at start (tests only). */
  readonly durable: boolean;
  /** `commit()` applies its append and its state changes in one transaction. Without: the append is done first, so a crash may repeat deliveries. */
  readonly atomicCommit: boolean;
  /** Retention can drop single events, not only a prefix of the log. Without: patterns share the strictest common prefix. */
  readonly selectiveRetention: boolean;
  /** `backup()` works while the store is in use. Without: `weft backup` refuses and says what to use instead. */
  readonly onlineBackup: boolean;
}

/** One event to append. */
export interface AppendEntry {
  readonly event: CloudEvent;
  /** The routing key, valid and percent-encoded where a token needs it (see `topic.ts`). */
  readonly topic: string;
  /** Remaining age at acceptance in ms; 0 means that the event never expires, −1 that its time was over when it came. */
  readonly ttlMs: number;
  /** Where it was accepted, if not here. Without: this cluster, with this boot's epoch; the sequence is its position. */
  readonly origin?: EventOrigin;
  /** For whom in this cluster it is. Without: for everybody. */
  readonly audience?: Audience;
  /**
   * The event as `encodeRecord()` writes it, for who has it: it is then copied instead of encoded, with the time to live
   * that it says, and `event` and `topic` are not looked at.
   */
  readonly record?: Uint8Array;
  /** What `EventStore.hashRecord()` says of the record, for who has asked. */
  readonly idHash?: IdHash;
}

/** The identity of an event in the mesh. */
export interface EventOrigin {
  readonly cluster: string;
  readonly epoch: number;
  readonly sequence: number;
}

/**
 * For whom in a cluster an event is. `everybody`: an event accepted here. Else it came over a link: for the readers
 * without a group, and for the members of the groups for which this cluster was picked; an event in transit is for nobody.
 */
export type Audience = "everybody" | { readonly ungrouped: boolean; readonly groups: readonly string[] };

/** What an append answers; durable by then. Positions are contiguous: entry i has `position + i`, which is the sequence of an own one. */
export interface Appended {
  readonly position: number;
  readonly sequence: number;
  readonly epoch: number;
}

/** An event in the log. */
export interface StoredEvent {
  /** Its place in this log, 1, 2, 3 …, never reused. */
  readonly position: number;
  readonly topic: string;
  /** Decoded on first use and then kept. */
  readonly event: CloudEvent;
  /** Cluster in which the event was accepted, with the epoch and the sequence that it got there. */
  readonly origin: string;
  readonly epoch: number;
  readonly sequence: number;
  /** Wall clock at acceptance, ms since 1970, for people and for `since=<time>`; no decision compares it across nodes. */
  readonly acceptedAt: number;
  /** The store's own ageing clock at acceptance in ms (see `EventStore.now`). */
  readonly acceptedAge: number;
  /** Remaining age at acceptance in ms; 0: never expires; −1: was over when it came. */
  readonly ttlMs: number;
  /** See `AppendEntry.audience`. */
  readonly audience: Audience;
  /** The event's bytes as `encodeRecord()` writes them, a view or a copy. */
  readonly record: Uint8Array;
  /** See `EventStore.hashRecord()`. Without: the store does not keep it. */
  readonly idHash?: IdHash;
  /** Bytes of the stored record. */
  readonly bytes: number;
  /** What stays in memory as a whole as long as this event is held, the same object for all events of it. Without: the event. */
  readonly page?: { readonly bytes: number };
}

/** A change to the durable state beside the log: small documents by key. `value: undefined` deletes. */
export interface StateChange {
  /** Path of the document, levels joined by `/`: `subscription/billing`. Well-formed text without NUL. */
  readonly key: string;
  readonly value: Uint8Array | undefined;
  /**
   * The document is about the events of this commit: `/` and the position that the commit answers, in 16 digits, is added
   * to the key.
   */
  readonly atPosition?: boolean;
}

export interface StateEntry {
  readonly key: string;
  readonly value: Uint8Array;
}

/** How long events are kept. The first rule whose pattern fits a topic holds for it. */
export interface RetentionRule {
  readonly pattern: string;
  readonly maxAgeMs?: number;
  readonly maxBytes?: number;
  readonly maxCount?: number;
}

/** Id hashes of events at consecutive positions. */
export interface RecentIds {
  /** Position of the first. */
  readonly position: number;
  readonly count: number;
  /** The hash of event i: its high half at 2i, its low half at 2i + 1. */
  readonly hashes: Uint32Array;
  /** See `StoredEvent.acceptedAge`; the same for all of them. */
  readonly acceptedAge: number;
}

export interface StoreStats {
  readonly events: number;
  /** Bytes of records in the log. */
  readonly logBytes: number;
  /** Bytes on disk (database, write-ahead log), or of memory held. */
  readonly storedBytes: number;
  /** The cap (`store.maxBytes`). */
  readonly bytesMax: number;
  /** Share of what may be used that is used: at 1, an append finds no room, or has to make some. */
  readonly fill: number;
  /** Events removed by rules or for room, and of those the ones that a durable subscription still needed. */
  readonly retired: number;
  readonly evicted: number;
  /** Documents of the state by the first level of their keys (`dead-letter`, `subscription` …). */
  readonly documents: Readonly<Record<string, number>>;
}

/** Identity that ages: minted at each open, never used twice, also after a restore or on a cloned directory (design §4). */
export interface StoreIncarnation {
  /** counter × 2³² + 32 random bits; a JSON-safe integer. */
  readonly epoch: number;
  /** Random id of the database, made when it was created. */
  readonly storeId: string;
  /** How the store came to be as it is, for the log: `created`, `reopened` or `restored`. */
  readonly opened: "created" | "reopened" | "restored";
}

/**
 * A log with positions, and a small key-value state beside it.
 *
 * Concurrency: every method may be called while others are under way; concurrent commits share one disk write.
 * Order: `commit()` calls are applied, and resolved, in the order in which they were made.
 * Errors: `StoreFullError` when there is no room (retry later), `StoreClosedError` after `close()`, `StoreFailedError`
 * when the store cannot write for another reason. A rejected commit left no trace.
 */
/** Positions of the log, both ends included. */
export interface PositionRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Events of topics that fit a pattern, from a position of the log on; with `to`, up to that one. Only a need of all topics
 * (`>`) may end.
 */
export type NeededEvents =
  | { readonly pattern: string; readonly from: number; readonly to?: undefined }
  | { readonly pattern: ">"; readonly from: number; readonly to: number };

export interface EventStore extends AsyncDisposable {
  readonly capabilities: StoreCapabilities;
  readonly incarnation: StoreIncarnation;
  /** Position of the last durable event, 0 when there is none yet. Readable the moment `commit` resolves, never before. */
  readonly head: number;
  /** Position of the first event still kept; `head + 1` when the log is empty. */
  readonly tail: number;

  /** Why it can write no more until it is opened again, once that is so. */
  readonly failure: StoreFailedError | undefined;

  /**
   * The ageing clock, in ms: goes on across restarts and never back. Within a boot it is the monotonic clock; between
   * boots it advanced by max(0, wall now − wall at the last durable write). Time to live and retries are counted on it.
   */
  now(): number;

  /**
   * Append events and change state, all or nothing. Resolves once durable. `entries` may be empty; the answer then names
   * the last position and sequence before it. Rejects with `TypeError` for a key that is none, and with `RangeError` for
   * events that no record, or no commit, can hold.
   */
  commit(entries: readonly AppendEntry[], changes?: readonly StateChange[]): Promise<Appended>;

  /**
   * Events after position `after`, oldest first: at least one if there is one, at most `eventsMax`, and not many more
   * than `bytesMax` bytes. Retired events are left out. Never returns what is not durable.
   */
  read(options: { after: number; eventsMax: number; bytesMax: number }): Promise<readonly StoredEvent[]>;

  /** One event, or `undefined` if it is no longer (or not yet) kept. */
  get(position: number): Promise<StoredEvent | undefined>;

  /**
   * Position of the last retired event whose topic fits a pattern, 0 if there is none: a reader that has not got there
   * missed it. Where the store no longer knows the topics of what it retired, every pattern fits.
   */
  retiredTo(pattern: string): number;

  /**
   * Position of the first event accepted at or after that wall time; `head + 1` if there is none. Where the wall clock
   * went back, the events of the hours that came twice count as late as the latest before them.
   */
  positionAt(timeMs: number): Promise<number>;

  /** Called after each durable append, in order, with the new events. The listener must not throw. Returns the way to stop. */
  onAppend(listener: (events: readonly StoredEvent[]) => void): () => void;

  /** A document, or `undefined`. Sees every commit resolved before. */
  readState(key: string): Promise<Uint8Array | undefined>;

  /** Documents whose key starts with `prefix`, in key order, after key `after`, at most `limit`. */
  listState(options: { prefix: string; after?: string; limit: number }): Promise<readonly StateEntry[]>;

  /**
   * Tells the store what is still needed: by durable subscriptions, from the lowest position on that somebody has yet to
   * settle, for the topics that fit a pattern; by others, ranges of positions. `undefined` means that nobody needs anything; before the first call everything is needed.
   * Asked whenever the store is about to retire events. Near the cap it retires what is not needed, oldest first, before
   * it refuses or evicts an event; what the rules of retention no longer keep goes only once it is not needed.
   */
  setNeeded(needed: (() => readonly NeededEvents[]) | undefined): void;

  /** Hash of an event's identity, seeded with this store's own random numbers: the one that `recentIds` gives. */
  hashId(source: string, id: string): IdHash;

  /** The same of a record's event. */
  hashRecord(record: Uint8Array): IdHash;

  /**
   * The hashes of the newest events, oldest first: about `idsMax`, none older than `ageMs` on the ageing clock. Reads the
   * index of the log alone, so that a publish window is back quickly after a start.
   */
  recentIds(options: { idsMax: number; ageMs: number }): AsyncIterable<RecentIds>;

  stats(): StoreStats;

  /** Copies the store to `file` while in use. Progress is in pages or events: any pair that grows to its total. */
  backup(file: string, onProgress?: (done: number, total: number) => void): Promise<void>;

  /** Flushes and closes; idempotent. */
  close(): Promise<void>;
}
