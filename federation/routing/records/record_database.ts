/**
 * The replicated database of records: every cluster writes its own, floods what it hears, and all hold the same in the end
 * (design, "Routing"). A record is merged by (counter, version): commutative, associative, idempotent, so that order,
 * repetition and loss of messages do not matter.
 */

import { readMessage } from "./db_message.ts";
import {
  isOriginName,
  KINDS,
  LIFETIME_MS_MAX,
  type MeshRecord,
  type RecordKey,
  type RecordKind,
  SHARDS_MAX,
} from "./mesh_record.ts";
import { MessageWriter } from "./message_writer.ts";
import { Notices } from "./notices.ts";
import { OwnRecords } from "./own_records.ts";
import { PeerExchange } from "./peer_exchange.ts";
import { RecordHolder } from "./record_holder.ts";
import { DEFAULT_RECORDS_OPTIONS, type RecordsOptions } from "./records_options.ts";
import type { RecordsCounts, RecordsParts } from "./records_parts.ts";
import type { RecordTable } from "./record_table.ts";
import {
  compareSealed,
  compareVersions,
  isSameBytes,
  isSealedAs,
  readHeader,
  seal,
  type SealedRecord,
  toSealed,
} from "./sealed_record.ts";

/** More than any message needs, and what a nats-server lets through by default; larger ones are refused unread. */
const PAYLOAD_BYTES_MAX = 1024 * 1024;

const NOTHING = new Uint8Array(0);

export class RecordDatabase {
  readonly #parts: RecordsParts;
  readonly #options: RecordsOptions;
  readonly #holder: RecordHolder;
  readonly #table: RecordTable;
  readonly #own: OwnRecords;
  readonly #notices: Notices;
  readonly #writer: MessageWriter;
  readonly #peers = new Map<string, PeerExchange>();
  #stopped = false;
  #tally = { messagesReceived: 0, refused: 0, repeats: 0, older: 0, conflicts: 0, walks: 0 };
  /** Of adjacencies that are gone. */
  #past = { messagesSent: 0, retransmitted: 0 };

  constructor(parts: RecordsParts, options: Partial<RecordsOptions> = {}) {
    const { world, self, epoch } = parts;
    this.#parts = parts;
    this.#options = { ...DEFAULT_RECORDS_OPTIONS, ...options };
    this.#writer = new MessageWriter({ bytesMax: this.#options.messageBytes });
    this.#notices = new Notices(world, (notice) => parts.onNotice(notice));
    this.#holder = new RecordHolder({
      world,
      options: this.#options,
      notices: this.#notices,
      persist: (records, removed, done) => parts.persist(records, removed, done),
      onInstalled: (records) => parts.onInstalled(records),
      onPurged: (records) => parts.onPurged(records),
      revive: (slot) => slot.origin === self && this.#own.revive(slot),
      onEmptied: (slot) => {
        if (slot.origin === self) this.#own.forget(slot);
      },
    });
    this.#table = this.#holder.table;
    this.#own = new OwnRecords({
      world,
      self,
      epoch,
      options: this.#options,
      table: this.#table,
      notices: this.#notices,
      onCounter: (counter) => parts.onCounter?.(counter),
      write: (sealed, lifetimeMs) => this.#holder.batch(() => this.#install(this.#options.share(sealed), lifetimeMs)),
    });
  }

  /** The epoch of own records: that of the run, or a later one after a jump. */
  get epoch(): number {
    return this.#own.epoch;
  }

  /** Eight bytes that are equal where databases are. */
  get root(): Uint8Array {
    const root = new Uint8Array(8);
    const view = new DataView(root.buffer);
    view.setUint32(0, this.#table.rootSum[0], true);
    view.setUint32(4, this.#table.rootSum[1], true);
    return root;
  }

  get counts(): RecordsCounts {
    const { records, origins, bytes } = this.#table;
    const { installed, purged } = this.#holder;
    let { messagesSent, retransmitted } = this.#past;
    for (const { sent, queue } of this.#peers.values()) {
      messagesSent += sent;
      retransmitted += queue.retransmitted;
    }
    const epochJumps = this.#own.jumps;
    return { records, origins, bytes, installed, purged, messagesSent, retransmitted, epochJumps, ...this.#tally };
  }

  /** Own records go on after a counter that an earlier run had reached; before anything else. */
  startAfter(counter: number): void {
    this.#own.startAfter(counter);
  }

  /** Takes what was persisted; before anything else. Tells of it as of any installed record. */
  load(records: readonly MeshRecord[]): void {
    this.#holder.batch(() => {
      for (const record of records) {
        const sealed = this.#options.share(seal({ ...record, kind: KINDS.indexOf(record.kind) }));
        const isForeign = sealed.origin !== this.#parts.self;
        if (isForeign || this.#own.judge(sealed, { differs: false }) === "merge") {
          this.#holder.takePersisted(sealed, record.lifetimeMs);
        }
      }
    });
  }

  /**
   * Writes an own record; an empty body withdraws it. Answers its version; the same body as now keeps the version that
   * there is. It is written anew after a third of its life, for as long as this database runs. Own records of an earlier
   * run that were not originated again are withdrawn `orphanGraceMs` after the first record of their kind: call it once
   * for a kind even where there is nothing to say. Throws `RangeError` beyond the limits.
   */
  originate(kind: RecordKind, shard: number, body: Uint8Array, lifetimeMs: number): number {
    if (!(lifetimeMs >= 1 && lifetimeMs <= LIFETIME_MS_MAX) || !(shard >= 0 && shard < SHARDS_MAX)) {
      throw new RangeError(
        `Cannot originate record "${kind}/${shard}" for ${lifetimeMs} ms: a shard is 0..255, a life 1 ms to 49 days`,
      );
    }
    return this.#holder.batch(() => this.#own.originate(KINDS.indexOf(kind), shard, body, Math.floor(lifetimeMs)));
  }

  /** Begins with a peer, by fetching what it has. Nothing is remembered of an earlier adjacency with it. */
  adjacencyUp(peer: string): void {
    if (this.#stopped) return;
    this.adjacencyDown(peer);
    const exchange: PeerExchange = new PeerExchange({
      world: this.#parts.world,
      table: this.#table,
      options: this.#options,
      writer: this.#writer,
      send: (payload) => this.#parts.send(peer, payload),
      onWalked: () => this.#holder.afterPersisted(() => this.#noteSynced(peer, exchange)),
    });
    this.#peers.set(peer, exchange);
    this.#tally.walks++;
    exchange.walk.start(this.#parts.world.now());
    exchange.arm();
  }

  adjacencyDown(peer: string): void {
    const exchange = this.#peers.get(peer);
    if (exchange === undefined) return;
    exchange.stop();
    this.#past.messagesSent += exchange.sent;
    this.#past.retransmitted += exchange.queue.retransmitted;
    this.#peers.delete(peer);
  }

  /** Takes a message of a peer. Whatever it holds, it is taken, refused and counted, or ignored; nothing is thrown. */
  receive(peer: string, payload: Uint8Array): void {
    const exchange = this.#peers.get(peer);
    if (exchange === undefined) return;
    this.#tally.messagesReceived++;
    const problem = payload.length > PAYLOAD_BYTES_MAX
      ? `${payload.length} bytes, at most ${PAYLOAD_BYTES_MAX} are read`
      : this.#holder.batch(() => this.#read(peer, exchange, payload));
    if (problem !== undefined) this.#refuse("MESSAGE_REFUSED", `Cannot read message of "${peer}": ${problem}`, peer);
    exchange.arm();
  }

  /** A root hash that a peer told of itself. A difference that lasts longer than flooding takes starts a comparison. */
  compareRoot(peer: string, root: Uint8Array): void {
    const exchange = this.#peers.get(peer);
    if (exchange === undefined) return;
    if (exchange.walk.noteRoot(isSameBytes(root, this.root), this.#parts.world.now())) this.#tally.walks++;
    exchange.arm();
  }

  /** A full exchange with this adjacency has completed since it came up: what the peer had then is installed. */
  synced(peer: string): boolean {
    return this.#peers.get(peer)?.synced ?? false;
  }

  /** The installed record; `undefined` also where it was withdrawn. */
  get(key: RecordKey): MeshRecord | undefined {
    const slot = this.#table.find({ ...key, kind: KINDS.indexOf(key.kind) });
    return slot && this.#holder.toLive(slot);
  }

  /** All installed records of a kind without those withdrawn, in no order. */
  list(kind: RecordKind): readonly MeshRecord[] {
    return this.#holder.list(kind);
  }

  /** Up to which version all of an origin's records of a kind are installed; 0: none known. */
  versionOf(origin: string, kind: RecordKind): number {
    return this.#table.kindOf(origin, KINDS.indexOf(kind))?.held.version ?? 0;
  }

  /** The epoch that `versionOf` is counted in; 0: none known. */
  epochOf(origin: string, kind: RecordKind): number {
    return this.#table.kindOf(origin, KINDS.indexOf(kind))?.held.epoch ?? 0;
  }

  /**
   * Withdraws all records of a cluster that is gone for good, everywhere in the mesh. If it lives after all, it hears of
   * that and writes them anew. Throws `RangeError` for this cluster itself.
   */
  forget(origin: string): void {
    if (origin === this.#parts.self) {
      throw new RangeError(`Cannot forget cluster "${origin}": it is this one; ask another cluster to forget it`);
    }
    this.#holder.batch(() => {
      const now = this.#parts.world.now();
      const slots = [...this.#table.slotsOf(origin)].filter(({ current }) => current?.withdrawn === false);
      for (const { kind, shard, expiresAt } of slots) {
        const { epoch, version } = this.#table.kindOf(origin, kind)!.newest!;
        const tombstone = seal({ origin, kind, shard, epoch, version: version + 1, body: NOTHING });
        this.#install(tombstone, Math.max(Math.floor(expiresAt - now), this.#options.forgetMs));
      }
      const detail = `Withdrew ${slots.length} records of "${origin}" as asked`;
      this.#notices.give({ code: "ORIGIN_FORGOTTEN", detail, origin });
    });
  }

  /** Ends all timers; nothing is sent or told afterwards. Idempotent. */
  stop(): void {
    this.#stopped = true;
    for (const peer of [...this.#peers.keys()]) this.adjacencyDown(peer);
    this.#own.stop();
    this.#holder.stop();
  }

  #read(peer: string, exchange: PeerExchange, payload: Uint8Array): string | undefined {
    const now = this.#parts.world.now();
    return readMessage(payload, {
      onRecord: (tag, lifetimeMs, { from, to }) => {
        exchange.queue.owe(tag);
        this.#hear({ peer, exchange, payload, from, to, lifetimeMs, now });
      },
      onAck: (tag) => exchange.queue.acknowledge(tag, now),
      onBuckets: (walk, asked, sums) => exchange.answer({ walk, asked, sums }, now),
      onKeys: (answer) => exchange.walk.onKeys(answer, now),
      onWant: (key) => {
        const slot = this.#table.find(key);
        if (slot !== undefined) exchange.queue.offer(slot);
      },
    });
  }

  #hear(heard: Heard): void {
    const { peer, exchange, payload, from, to, now } = heard;
    const header = readHeader(payload, from, to);
    if (header === undefined) {
      this.#refuse("RECORD_REFUSED", `Cannot read record from "${peer}": not a record within the limits`, peer);
      return;
    }
    const slot = this.#table.find(header);
    const isSameVersion = slot?.current !== undefined && compareVersions(header, slot.current) === 0;
    if (isSameVersion && isSealedAs(slot.current!, payload, from, to)) {
      this.#tally.repeats++;
      exchange.queue.spare(slot);
    } else if (
      header.origin !== this.#parts.self || this.#own.judge(header, { differs: isSameVersion }) === "merge"
    ) {
      this.#merge(heard, this.#options.share(toSealed(header, payload.slice(from, to))));
    }
    exchange.walk.onRecord(header, now);
  }

  #merge({ peer, exchange, lifetimeMs }: Heard, sealed: SealedRecord): void {
    // Looked up again: an epoch jump may have just written own records.
    const slot = this.#table.find(sealed);
    const current = slot?.current;
    if (current !== undefined && compareVersions(sealed, current) === 0) this.#noteConflict(sealed);
    if (current !== undefined && compareSealed(sealed, current) < 0) {
      // The peer is behind.
      this.#tally.older++;
      exchange.queue.offer(slot!);
      return;
    }
    if (lifetimeMs < 1) return;
    const bound = sealed.origin === this.#parts.self ? undefined : this.#table.boundExceededBy(sealed, slot);
    if (bound === undefined) {
      this.#install(sealed, lifetimeMs, exchange);
      return;
    }
    const detail = `Cannot take record of "${sealed.origin}" from "${peer}": ${bound} (${this.#options[bound]}) is ` +
      "reached; look for a cluster that writes too much, or forget clusters that are gone";
    this.#refuse("DATABASE_FULL", detail, peer);
  }

  /** Holds a record that counts and sends it on. */
  #install(sealed: SealedRecord, lifetimeMs: number, from?: PeerExchange): void {
    const slot = this.#holder.take(sealed, lifetimeMs);
    for (const exchange of this.#peers.values()) {
      if (exchange === from) {
        exchange.queue.drop(slot);
      } else {
        exchange.queue.offer(slot);
        exchange.arm();
      }
    }
  }

  #noteSynced(peer: string, exchange: PeerExchange): void {
    if (this.#peers.get(peer) !== exchange || exchange.synced) return;
    exchange.synced = true;
    this.#parts.onSynced?.(peer);
  }

  #noteConflict({ origin, kind, shard, version }: SealedRecord): void {
    this.#tally.conflicts++;
    const detail = `Two records "${origin}/${KINDS[kind] ?? kind}/${shard}" have version ${version} and differ: ` +
      "two clusters have one name; give one of them another name";
    this.#notices.give({ code: "RECORD_CONFLICT", detail, origin });
  }

  #refuse(code: string, detail: string, peer: string): void {
    this.#tally.refused++;
    this.#notices.give({ code, detail, ...isOriginName(peer) ? { origin: peer } : {} }, peer);
  }
}

/** A record in a message. */
interface Heard {
  readonly peer: string;
  readonly exchange: PeerExchange;
  readonly payload: Uint8Array;
  readonly from: number;
  readonly to: number;
  readonly lifetimeMs: number;
  readonly now: number;
}
