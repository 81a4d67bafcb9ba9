/** The text and the use count of each pattern, packed into chunks of bytes; a pattern is known by a small dense id. */

import type { TokenReader } from "./token_reader.ts";

/** Bytes of a pattern that fit a record. */
export const RECORD_TEXT_BYTES_MAX = 0xffff - 3;

/** Records start at multiples of 4 bytes: 31 bits reach 8 GiB, and a freed record can name the next. */
const UNIT_BITS = 2;
const CHUNK_BITS = 16;
const CHUNK_BYTES = 1 << CHUNK_BITS;
const CHUNK_UNITS = CHUNK_BYTES >> UNIT_BITS;

const IDS_BITS = 12;
const IDS_PER_CHUNK = 1 << IDS_BITS;

/** Length (2 bytes, little endian), use count (1 byte), text. */
const HEADER_BYTES = 3;
/** This count in a record means: look into the map. Few patterns have so many users. */
const COUNT_ELSEWHERE = 0xff;

const DOT = 0x2e;
const STAR = 0x2a;
const REST = 0x3e;

const utf8 = new TextDecoder();

/**
 * Ids count from 0; a freed one is given out again before a new one is made, and so are freed records of the same size in
 * units. Memory therefore follows the largest number of patterns ever held, size by size, and is not given back before that.
 */
export class PatternRecords {
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  readonly #words: Int32Array<ArrayBuffer>[] = [];
  #unitsUsed = 0;
  /** First freed record (unit) by size in units; each freed record's first word names the next, −1 ends. */
  readonly #freeRecords = new Map<number, number>();
  /** Unit of the record by id; −2 − (next freed id) for a freed id. */
  readonly #units: Int32Array<ArrayBuffer>[] = [];
  #idsUsed = 0;
  #freeId = -1;
  readonly #largeCounts = new Map<number, number>();

  /** Keeps the text just read as a new pattern with a use count of 1. Returns its id. */
  create(tokens: TokenReader): number {
    const unit = this.#takeRecord(tokens.length);
    const bytes = this.#chunks[chunkOf(unit)];
    const start = byteOf(unit);
    bytes[start] = tokens.length & 0xff;
    bytes[start + 1] = tokens.length >>> 8;
    bytes[start + 2] = 1;
    for (let i = 0; i < tokens.length; i++) bytes[start + HEADER_BYTES + i] = tokens.bytes[i];
    return this.#takeId(unit);
  }

  /** Frees a pattern's id and record. */
  free(id: number): void {
    const unit = this.#unitOf(id);
    const size = unitsFor(this.#lengthAt(unit));
    this.#words[chunkOf(unit)][unit & (CHUNK_UNITS - 1)] = this.#freeRecords.get(size) ?? -1;
    this.#freeRecords.set(size, unit);
    this.#units[id >>> IDS_BITS][id & (IDS_PER_CHUNK - 1)] = -2 - this.#freeId;
    this.#freeId = id;
    this.#largeCounts.delete(id);
  }

  /** Whether an id is in use. */
  has(id: number): boolean {
    return Number.isInteger(id) && id >= 0 && id < this.#idsUsed && this.#unitOf(id) >= 0;
  }

  textOf(id: number): string {
    const unit = this.#unitOf(id);
    const start = byteOf(unit) + HEADER_BYTES;
    return utf8.decode(this.#chunks[chunkOf(unit)].subarray(start, start + this.#lengthAt(unit)));
  }

  /** Changes the use count and returns it. */
  changeCount(id: number, by: 1 | -1): number {
    const unit = this.#unitOf(id);
    const bytes = this.#chunks[chunkOf(unit)];
    const at = byteOf(unit) + 2;
    const count = (bytes[at] === COUNT_ELSEWHERE ? this.#largeCounts.get(id)! : bytes[at]) + by;
    if (count < COUNT_ELSEWHERE) this.#largeCounts.delete(id);
    else this.#largeCounts.set(id, count);
    bytes[at] = Math.min(count, COUNT_ELSEWHERE);
    return count;
  }

  /** Whether the pattern is the very text just read. */
  equals(id: number, tokens: TokenReader): boolean {
    const unit = this.#unitOf(id);
    if (this.#lengthAt(unit) !== tokens.length) return false;
    const bytes = this.#chunks[chunkOf(unit)];
    const start = byteOf(unit) + HEADER_BYTES;
    for (let i = 0; i < tokens.length; i++) {
      if (bytes[start + i] !== tokens.bytes[i]) return false;
    }
    return true;
  }

  /** Whether the pattern fits the topic just read; equal hashes prove nothing. The bytes' twin of `patternMatches`. */
  matches(id: number, topic: TokenReader): boolean {
    const unit = this.#unitOf(id);
    const bytes = this.#chunks[chunkOf(unit)];
    const start = byteOf(unit) + HEADER_BYTES;
    const end = start + this.#lengthAt(unit);
    const text = topic.bytes;
    const length = topic.length;
    let at = 0;
    for (let i = start; i < end; i++) {
      if (at >= length) return false;
      const byte = bytes[i];
      if (byte === STAR) {
        while (at < length && text[at] !== DOT) at++;
      } else if (byte === REST) {
        return true;
      } else if (byte !== text[at++]) {
        return false;
      }
    }
    return at === length;
  }

  /** Ids in use, ascending. */
  *ids(): Generator<number> {
    for (let id = 0; id < this.#idsUsed; id++) {
      if (this.has(id)) yield id;
    }
  }

  /** Bytes held in arrays. */
  get bytes(): number {
    return this.#chunks.length * CHUNK_BYTES + this.#units.length * IDS_PER_CHUNK * 4;
  }

  #unitOf(id: number): number {
    return this.#units[id >>> IDS_BITS][id & (IDS_PER_CHUNK - 1)];
  }

  #lengthAt(unit: number): number {
    const bytes = this.#chunks[chunkOf(unit)];
    const start = byteOf(unit);
    return bytes[start] | (bytes[start + 1] << 8);
  }

  #takeRecord(length: number): number {
    const size = unitsFor(length);
    const freed = this.#freeRecords.get(size) ?? -1;
    if (freed >= 0) {
      this.#freeRecords.set(size, this.#words[chunkOf(freed)][freed & (CHUNK_UNITS - 1)]);
      return freed;
    }
    const room = this.#chunks.length * CHUNK_UNITS - this.#unitsUsed;
    if (room < size) {
      // The rest of the chunk stays unused: less than a record.
      this.#unitsUsed += room;
      const chunk = new Uint8Array(CHUNK_BYTES);
      this.#chunks.push(chunk);
      this.#words.push(new Int32Array(chunk.buffer));
    }
    const unit = this.#unitsUsed;
    this.#unitsUsed += size;
    return unit;
  }

  #takeId(unit: number): number {
    let id = this.#freeId;
    if (id >= 0) {
      this.#freeId = -2 - this.#unitOf(id);
    } else {
      id = this.#idsUsed++;
      if (id % IDS_PER_CHUNK === 0) this.#units.push(new Int32Array(IDS_PER_CHUNK));
    }
    this.#units[id >>> IDS_BITS][id & (IDS_PER_CHUNK - 1)] = unit;
    return id;
  }
}

function unitsFor(length: number): number {
  return (HEADER_BYTES + length + 3) >>> UNIT_BITS;
}

function chunkOf(unit: number): number {
  return unit >>> (CHUNK_BITS - UNIT_BITS);
}

function byteOf(unit: number): number {
  return (unit & (CHUNK_UNITS - 1)) << UNIT_BITS;
}
