/**
 * The head of a block of the log, which can be read without the records behind it (see `log_block.ts`).
 *
 * | head | content |
 * |---|---|
 * | 0 | magic `WFB` and the format version, 1 |
 * | 4 | flags (u16): which columns the index has: bit 0 positions, bit 1 sequences, bit 2 audiences |
 * | 6 | length of the origin's name (u16) |
 * | 8 | events (u32) |
 * | 12 | positions spanned (u32) |
 * | 16 | bytes of the body (u32) |
 * | 20 | CRC-32 of the body (u32) |
 * | 24 … 64 | first position, first sequence, epoch, wall time, age (float each) |
 * | 64 | the origin cluster's name, padded with NUL to a multiple of 4 |
 * | … | with bit 2: length (u32) of a list of audiences, and the list as JSON, padded likewise |
 * | … | per event: offset of its record in the body, id hash high, low (u32 each), and its columns (u32 each) |
 * | last 4 | CRC-32 of the head before it |
 *
 * Numbers are little-endian. Event i has position first + i, or first + its position column in a block from which
 * retention took events out. Its sequence lies as far behind the first one as its position does, or as its sequence column
 * says: events of another cluster come with gaps. Its audience column is 0 for everybody, else a place in the list.
 */

import { crc32 } from "node:zlib";

import type { Audience } from "./event_store.ts";
import type { IdHash } from "./id_hash.ts";

const MAGIC_V1 = 0x01424657; // "WFB", 1
const POSITIONS_FLAG = 1;
const SEQUENCES_FLAG = 2;
const AUDIENCES_FLAG = 4;
const FIXED_BYTES = 64;
const ENTRY_BYTES = 12;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What all events of a block share. */
export interface BlockIdentity {
  readonly origin: string;
  readonly epoch: number;
  readonly firstPosition: number;
  readonly firstSequence: number;
  readonly acceptedAt: number;
  readonly acceptedAge: number;
}

/** Audiences of the events of a block. */
export interface BlockAudiences {
  readonly list: readonly Audience[];
  /** Of each event: 0 for everybody, else its audience's place in the list, counted from 1. */
  readonly numbers: ArrayLike<number>;
}

/** What a block under construction holds. */
export interface BlockContent {
  readonly count: number;
  /** Offset of each record in the body. */
  readonly offsets: ArrayLike<number>;
  /** Id hash of each event: high at 2i, low at 2i + 1. */
  readonly hashes: ArrayLike<number>;
  /** Position of each event less the first position; left out when they are 0, 1, 2 … */
  readonly deltas?: ArrayLike<number>;
  /** Sequence of each event less the first sequence; left out when they are those of the positions. */
  readonly sequences?: ArrayLike<number>;
  /** Left out when all are for everybody. */
  readonly audiences?: BlockAudiences;
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
  const origin = encoder.encode(identity.origin);
  const { count, offsets, hashes, deltas, sequences, audiences, body } = content;
  const list = audiences === undefined ? undefined : encoder.encode(JSON.stringify(audiences.list));
  const listStart = FIXED_BYTES + padded(origin.length);
  const indexStart = listStart + (list === undefined ? 0 : 4 + padded(list.length));
  const columns = [deltas, sequences, audiences?.numbers].filter((column) => column !== undefined);
  const head = new Uint8Array(indexStart + count * (ENTRY_BYTES + 4 * columns.length) + 4);
  const view = new DataView(head.buffer);
  view.setUint32(0, MAGIC_V1, true);
  view.setUint16(4, flagsOf(content), true);
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
  if (list !== undefined) {
    view.setUint32(listStart, list.length, true);
    head.set(list, listStart + 4);
  }
  for (let i = 0, at = indexStart; i < count; i++) {
    view.setUint32(at, offsets[i], true);
    view.setUint32(at + 4, hashes[2 * i], true);
    view.setUint32(at + 8, hashes[2 * i + 1], true);
    at += ENTRY_BYTES;
    for (const column of columns) {
      view.setUint32(at, column[i], true);
      at += 4;
    }
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
  // Where in an entry of the index a column is; 0: the block has none.
  readonly #positionField: number;
  readonly #sequenceField: number;
  readonly #audienceField: number;
  readonly #listStart: number;
  #audiences: readonly Audience[] | undefined;

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
    this.origin = decoder.decode(bytes.subarray(FIXED_BYTES, FIXED_BYTES + originBytes));
    const flags = view.getUint16(4, true);
    if (flags > (POSITIONS_FLAG | SEQUENCES_FLAG | AUDIENCES_FLAG)) throw damaged("it is newer than this program");
    let entryBytes = ENTRY_BYTES;
    const field = (flag: number) => (flags & flag) === 0 ? 0 : (entryBytes += 4) - 4;
    this.#positionField = field(POSITIONS_FLAG);
    this.#sequenceField = field(SEQUENCES_FLAG);
    this.#audienceField = field(AUDIENCES_FLAG);
    this.#entryBytes = entryBytes;
    this.#listStart = FIXED_BYTES + padded(originBytes);
    this.#indexStart = this.#listStart +
      (this.#audienceField === 0 ? 0 : 4 + padded(view.getUint32(this.#listStart, true)));
    if (this.#indexStart + this.count * entryBytes + 4 !== bytes.length) throw damaged("its index has another length");
  }

  /** Position of the last event that the block stands for. */
  get lastPosition(): number {
    return this.firstPosition + this.span - 1;
  }

  deltaAt(index: number): number {
    return this.#positionField === 0 ? index : this.#entry(index, this.#positionField);
  }

  sequenceAt(index: number): number {
    return this.firstSequence +
      (this.#sequenceField === 0 ? this.deltaAt(index) : this.#entry(index, this.#sequenceField));
  }

  audienceAt(index: number): Audience {
    const number = this.#audienceField === 0 ? 0 : this.#entry(index, this.#audienceField);
    return number === 0 ? "everybody" : this.audiences[number - 1];
  }

  /** The audiences that the block names. */
  get audiences(): readonly Audience[] {
    return this.#audiences ??= this.#readAudiences();
  }

  offsetAt(index: number): number {
    return index === this.count ? this.bodyBytes : this.#entry(index, 0);
  }

  hashAt(index: number): IdHash {
    return { hi: this.#entry(index, 4), lo: this.#entry(index, 8) };
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
      let to = this.#positionField === 0 ? this.count : from + 1;
      while (to < this.count && this.deltaAt(to) === this.deltaAt(to - 1) + 1) to++;
      yield [from, to];
      from = to;
    }
  }

  /** Index of the first event at or after a position; `count` when there is none. */
  indexFrom(position: number): number {
    const delta = position - this.firstPosition;
    if (delta <= 0) return 0;
    if (this.#positionField === 0) return Math.min(delta, this.count);
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.deltaAt(middle) < delta) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The index of a block that keeps only the events at some indices; they keep their positions, sequences and audiences. */
  only(
    kept: readonly number[],
  ): Pick<BlockContent, "count" | "span" | "hashes" | "deltas" | "sequences" | "audiences"> {
    const column = (field: number) => field === 0 ? undefined : kept.map((index) => this.#entry(index, field));
    const numbers = column(this.#audienceField);
    return {
      count: kept.length,
      // The block still stands for the positions that it was written for.
      span: this.span,
      hashes: kept.flatMap((index) => [this.#entry(index, 4), this.#entry(index, 8)]),
      deltas: kept.map((index) => this.deltaAt(index)),
      sequences: column(this.#sequenceField),
      audiences: numbers === undefined ? undefined : { list: this.audiences, numbers },
    };
  }

  #readAudiences(): readonly Audience[] {
    if (this.#audienceField === 0) return [];
    const bytes = this.#view.getUint32(this.#listStart, true);
    const start = this.#view.byteOffset + this.#listStart + 4;
    return JSON.parse(decoder.decode(new Uint8Array(this.#view.buffer, start, bytes)));
  }

  #entry(index: number, field: number): number {
    return this.#view.getUint32(this.#indexStart + index * this.#entryBytes + field, true);
  }
}

export function damaged(what: string): DamagedBlockError {
  return new DamagedBlockError(`Cannot read block: ${what}`);
}

function flagsOf({ deltas, sequences, audiences }: BlockContent): number {
  return (deltas === undefined ? 0 : POSITIONS_FLAG) | (sequences === undefined ? 0 : SEQUENCES_FLAG) |
    (audiences === undefined ? 0 : AUDIENCES_FLAG);
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

function padded(bytes: number): number {
  return (bytes + 3) & ~3;
}
