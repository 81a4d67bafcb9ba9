/**
 * A block: the events of one commit or frame, as bytes. A head that can be read alone (identity, ages, an index), and a
 * body of records.
 *
 * | head | content |
 * |---|---|
 * | 0 | magic `WFB` and the format version, 1 |
 * | 4 | flags (u16): bit 0 the index holds deltas |
 * | 6 | length of the origin's name (u16) |
 * | 8 | events (u32) |
 * | 12 | positions spanned (u32) |
 * | 16 | bytes of the body (u32) |
 * | 20 | CRC-32 of the body (u32) |
 * | 24 … 64 | first position, first sequence, epoch, wall time, age (float each) |
 * | 64 | the origin cluster's name, padded with NUL to a multiple of 4 |
 * | … | per event: offset of its record in the body, id hash high, low (u32 each), and with bit 0 its delta |
 * | last 4 | CRC-32 of the head before it |
 *
 * Numbers are little-endian. Event i has position (and sequence) first + i, or first + delta i in a block from which
 * retention took events out.
 */

import { crc32 } from "node:zlib";

import type { CloudEvent } from "./event.ts";
import type { AppendEntry, StoredEvent } from "./event_store.ts";
import { recordEvent, recordTopic, recordTtlMs } from "./event_record.ts";

const MAGIC_V1 = 0x01424657; // "WFB", 1
const DELTAS_FLAG = 1;
const FIXED_BYTES = 64;
const ENTRY_BYTES = 12;

/** What all events of a block share. */
export interface BlockIdentity {
  readonly origin: string;
  readonly epoch: number;
  readonly firstPosition: number;
  readonly firstSequence: number;
  readonly acceptedAt: number;
  readonly acceptedAge: number;
}

/** The index of a block under construction: three numbers an event (offset, hash high, hash low), with deltas four. */
export interface BlockContent {
  readonly count: number;
  /** Offset of each record in the body. */
  readonly offsets: ArrayLike<number>;
  /** Id hash of each event: high at 2i, low at 2i + 1. */
  readonly hashes: ArrayLike<number>;
  /** Position of each event less the first position; left out when they are 0, 1, 2 … */
  readonly deltas?: ArrayLike<number>;
  /** Positions that the block stands for, those of events taken out included. */
  readonly span: number;
  readonly body: Uint8Array;
}

/** Bytes that are no block, or no longer the ones that were written. */
export class DamagedBlockError extends Error {
  override readonly name = "DamagedBlockError";
}

/** Writes the head of a block. */
export function encodeBlockHead(identity: BlockIdentity, content: BlockContent): Uint8Array<ArrayBuffer> {
  const origin = new TextEncoder().encode(identity.origin);
  const { count, offsets, hashes, deltas, body } = content;
  const indexStart = FIXED_BYTES + padded(origin.length);
  const entryBytes = deltas === undefined ? ENTRY_BYTES : ENTRY_BYTES + 4;
  const head = new Uint8Array(indexStart + count * entryBytes + 4);
  const view = new DataView(head.buffer);
  view.setUint32(0, MAGIC_V1, true);
  view.setUint16(4, deltas === undefined ? 0 : DELTAS_FLAG, true);
  view.setUint16(6, origin.length, true);
  view.setUint32(8, count, true);
  view.setUint32(12, content.span, true);
  view.setUint32(16, body.length, true);
  view.setUint32(20, crc32(body), true);
  view.setFloat64(24, identity.firstPosition, true);
  view.setFloat64(32, identity.firstSequence, true);
  view.setFloat64(40, identity.epoch, true);
  view.setFloat64(48, identity.acceptedAt, true);
  view.setFloat64(56, identity.acceptedAge, true);
  head.set(origin, FIXED_BYTES);
  for (let i = 0, at = indexStart; i < count; i++, at += entryBytes) {
    view.setUint32(at, offsets[i], true);
    view.setUint32(at + 4, hashes[2 * i], true);
    view.setUint32(at + 8, hashes[2 * i + 1], true);
    if (deltas !== undefined) view.setUint32(at + 12, deltas[i], true);
  }
  view.setUint32(head.length - 4, crc32(head.subarray(0, head.length - 4)), true);
  return head;
}

/** The head of a block, readable without its body. */
export class BlockHead implements BlockIdentity {
  readonly origin: string;
  readonly epoch: number;
  readonly firstPosition: number;
  readonly firstSequence: number;
  readonly acceptedAt: number;
  readonly acceptedAge: number;
  readonly count: number;
  readonly span: number;
  readonly bodyBytes: number;
  readonly bodyCrc: number;
  readonly #view: DataView;
  readonly #indexStart: number;
  readonly #entryBytes: number;

  /** Throws `DamagedBlockError` if the bytes are not those of a head that this version can read. */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    assertHead(bytes, view);
    this.#view = view;
    const originBytes = view.getUint16(6, true);
    this.count = view.getUint32(8, true);
    this.span = view.getUint32(12, true);
    this.bodyBytes = view.getUint32(16, true);
    this.bodyCrc = view.getUint32(20, true);
    this.firstPosition = view.getFloat64(24, true);
    this.firstSequence = view.getFloat64(32, true);
    this.epoch = view.getFloat64(40, true);
    this.acceptedAt = view.getFloat64(48, true);
    this.acceptedAge = view.getFloat64(56, true);
    this.origin = new TextDecoder().decode(bytes.subarray(FIXED_BYTES, FIXED_BYTES + originBytes));
    this.#indexStart = FIXED_BYTES + padded(originBytes);
    this.#entryBytes = (view.getUint16(4, true) & DELTAS_FLAG) === 0 ? ENTRY_BYTES : ENTRY_BYTES + 4;
    if (this.#indexStart + this.count * this.#entryBytes + 4 !== bytes.length) {
      throw damaged("its index has another length");
    }
  }

  /** Position of the last event that the block stands for. */
  get lastPosition(): number {
    return this.firstPosition + this.span - 1;
  }

  deltaAt(index: number): number {
    return this.#entryBytes === ENTRY_BYTES ? index : this.#entry(index, 12);
  }

  offsetAt(index: number): number {
    return index === this.count ? this.bodyBytes : this.#entry(index, 0);
  }

  /** Hashes of events [from, to): high half, low half, high half … */
  hashes(from: number, to: number): Uint32Array {
    const hashes = new Uint32Array(2 * (to - from));
    for (let i = from, at = 0; i < to; i++) {
      hashes[at++] = this.#entry(i, 4);
      hashes[at++] = this.#entry(i, 8);
    }
    return hashes;
  }

  /** Runs of consecutive positions as pairs of indices [from, to): one, unless events were taken out. */
  *runs(from = 0): Generator<[from: number, to: number]> {
    while (from < this.count) {
      let to = this.#entryBytes === ENTRY_BYTES ? this.count : from + 1;
      while (to < this.count && this.deltaAt(to) === this.deltaAt(to - 1) + 1) to++;
      yield [from, to];
      from = to;
    }
  }

  /** Index of the first event at or after a position; `count` when there is none. */
  indexFrom(position: number): number {
    const delta = position - this.firstPosition;
    if (delta <= 0) return 0;
    if (this.#entryBytes === ENTRY_BYTES) return Math.min(delta, this.count);
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.deltaAt(middle) < delta) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #entry(index: number, field: number): number {
    return this.#view.getUint32(this.#indexStart + index * this.#entryBytes + field, true);
  }
}

/** What an event was encoded from. */
type Encoded = Pick<AppendEntry, "topic" | "event">;

/** A block with its events, each decoded when it is first looked at and then kept as long as the block is. */
export class LogBlock {
  readonly head: BlockHead;
  /** Bytes of head and body. */
  readonly bytes: number;
  readonly #body: Uint8Array;
  #decoded: readonly Encoded[] | undefined;
  #events: (BlockEvent | undefined)[];

  /**
   * Throws `DamagedBlockError` if the body is not the one that the head was written for. Who has just encoded the events
   * passes them as `decoded`, so that nobody decodes them again.
   */
  constructor(head: Uint8Array, body: Uint8Array, decoded?: readonly Encoded[]) {
    this.head = new BlockHead(head);
    if (body.length !== this.head.bodyBytes) throw damaged(`${body.length} bytes instead of ${this.head.bodyBytes}`);
    if (crc32(body) !== this.head.bodyCrc) throw damaged("its checksum differs");
    this.#body = body;
    this.#decoded = decoded;
    this.#events = new Array(this.head.count);
    this.bytes = head.length + body.length;
  }

  /**
   * Lets go of the events: decoded ones take several times the memory of their bytes. Who holds one keeps it; who asks
   * again gets another object.
   */
  forgetEvents(): void {
    this.#decoded = undefined;
    this.#events = [];
  }

  /** The event at an index (0 … count−1), the same object until `forgetEvents()`. */
  eventAt(index: number): StoredEvent {
    return this.#events[index] ??= new BlockEvent(this, index, this.#decoded?.[index]);
  }

  recordAt(index: number): Uint8Array {
    return this.#body.subarray(this.head.offsetAt(index), this.head.offsetAt(index + 1));
  }
}

class BlockEvent implements StoredEvent {
  readonly position: number;
  readonly #block: LogBlock;
  readonly #index: number;
  #topic: string | undefined;
  #event: CloudEvent | undefined;

  constructor(block: LogBlock, index: number, decoded: Encoded | undefined) {
    this.#block = block;
    this.#index = index;
    this.#topic = decoded?.topic;
    this.#event = decoded?.event;
    this.position = block.head.firstPosition + block.head.deltaAt(index);
  }

  get topic(): string {
    return this.#topic ??= recordTopic(this.#record);
  }

  get event(): CloudEvent {
    return this.#event ??= recordEvent(this.#record);
  }

  get origin(): string {
    return this.#block.head.origin;
  }

  get epoch(): number {
    return this.#block.head.epoch;
  }

  get sequence(): number {
    const { firstSequence, firstPosition } = this.#block.head;
    return firstSequence + (this.position - firstPosition);
  }

  get acceptedAt(): number {
    return this.#block.head.acceptedAt;
  }

  get acceptedAge(): number {
    return this.#block.head.acceptedAge;
  }

  get ttlMs(): number {
    return recordTtlMs(this.#record);
  }

  get bytes(): number {
    return this.#record.length;
  }

  get page(): { readonly bytes: number } {
    return this.#block;
  }

  /** Made when it is asked for: most events pass nobody who wants their bytes. */
  get #record(): Uint8Array {
    return this.#block.recordAt(this.#index);
  }
}

function assertHead(bytes: Uint8Array, view: DataView): void {
  if (bytes.length < FIXED_BYTES + 4) throw damaged("it is cut off");
  const magic = view.getUint32(0, true);
  if ((magic & 0xffffff) !== (MAGIC_V1 & 0xffffff)) throw damaged("it is no block");
  if (magic >>> 24 !== MAGIC_V1 >>> 24) throw damaged(`format version ${magic >>> 24} is newer than this program`);
  if (crc32(bytes.subarray(0, bytes.length - 4)) !== view.getUint32(bytes.length - 4, true)) {
    throw damaged("the checksum of its head differs");
  }
}

function damaged(what: string): DamagedBlockError {
  return new DamagedBlockError(`Cannot read block: ${what}`);
}

function padded(bytes: number): number {
  return (bytes + 3) & ~3;
}
