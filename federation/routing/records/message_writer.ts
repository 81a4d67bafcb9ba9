/** Writes the messages of databases (layout: db_message.ts), split at a size. */

import {
  ACKS,
  BUCKET_SUMS,
  BUCKETS_BYTES,
  HEAD_BYTES,
  KEY_FIXED_BYTES,
  KEYS,
  KEYS_HEAD_BYTES,
  type KeysAnswer,
  listedBytes,
  MASK_BYTES,
  MESSAGE_VERSION,
  RECORD_HEAD_BYTES,
  RECORDS,
  WANT_FIXED_BYTES,
  type WantedKey,
  WANTS,
} from "./db_message.ts";
import { type SealedRecord, writeInteger } from "./sealed_record.ts";

/** Writes messages into a buffer that is used again; each that is full is handed over as a copy. */
export class MessageWriter {
  readonly #bytesMax: number;
  #send: (payload: Uint8Array) => void = () => {};
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 1;
  /** Where the open section begins; 0: none is open. */
  #sectionAt = 0;
  #sectionType = 0;

  constructor(options: { readonly bytesMax: number }) {
    this.#bytesMax = options.bytesMax;
  }

  /** Sends what `write` writes, in as many messages as it takes. `send` may compose others meanwhile. */
  compose(send: (payload: Uint8Array) => void, write: (writer: MessageWriter) => void): void {
    const outer = this.#send;
    this.#send = send;
    write(this);
    this.#end();
    this.#send = outer;
  }

  ack(tag: number): void {
    const at = this.#place(ACKS, 4);
    this.#view.setUint32(at, tag, true);
  }

  record(tag: number, lifetimeMs: number, sealed: SealedRecord): void {
    const at = this.#place(RECORDS, RECORD_HEAD_BYTES + sealed.bytes.length);
    this.#view.setUint32(at, tag, true);
    this.#view.setUint32(at + 4, lifetimeMs, true);
    this.#view.setUint32(at + 8, sealed.bytes.length, true);
    this.#bytes.set(sealed.bytes, at + RECORD_HEAD_BYTES);
  }

  buckets(walk: number, asked: Uint8Array, sums: Readonly<Uint32Array>): void {
    const at = this.#place(BUCKET_SUMS, BUCKETS_BYTES);
    this.#view.setUint32(at, walk, true);
    this.#bytes.set(asked, at + 4);
    const sumsAt = at + 4 + MASK_BYTES;
    for (let i = 0; i < sums.length; i++) this.#view.setUint32(sumsAt + 4 * i, sums[i], true);
    this.#closeSection();
  }

  keys({ walk, part, parts, left, keys }: KeysAnswer): void {
    const bytes = keys.reduce((sum, key) => sum + listedBytes(key), KEYS_HEAD_BYTES);
    let at = this.#place(KEYS, bytes);
    this.#view.setUint32(at, walk, true);
    this.#view.setUint16(at + 4, part, true);
    this.#view.setUint16(at + 6, parts, true);
    this.#bytes.set(left, at + 8);
    at += KEYS_HEAD_BYTES;
    for (const key of keys) {
      this.#bytes.set([key.kind, key.shard, key.origin.length], at);
      writeInteger(this.#view, at + 3, key.epoch);
      writeInteger(this.#view, at + 11, key.version);
      this.#view.setUint32(at + 19, key.hashLow, true);
      this.#writeText(key.origin, at + KEY_FIXED_BYTES);
      at += listedBytes(key);
    }
    this.#closeSection();
  }

  want({ origin, kind, shard }: WantedKey): void {
    const at = this.#place(WANTS, WANT_FIXED_BYTES + origin.length);
    this.#bytes.set([kind, shard, origin.length], at);
    this.#writeText(origin, at + WANT_FIXED_BYTES);
  }

  #end(): void {
    this.#closeSection();
    if (this.#length === 1) return;
    const payload = this.#bytes.slice(0, this.#length);
    payload[0] = MESSAGE_VERSION;
    this.#length = 1;
    this.#send(payload);
  }

  /** Room for `bytes` more in a section of a type; answers where it begins. */
  #place(type: number, bytes: number): number {
    if (this.#length > 1 && this.#length + HEAD_BYTES + bytes > this.#bytesMax) this.#end();
    if (this.#sectionAt === 0 || this.#sectionType !== type) {
      this.#closeSection();
      this.#reserve(HEAD_BYTES);
      this.#sectionAt = this.#length;
      this.#sectionType = type;
      this.#bytes[this.#length] = type;
      this.#length += HEAD_BYTES;
    }
    this.#reserve(bytes);
    this.#length += bytes;
    return this.#length - bytes;
  }

  #closeSection(): void {
    if (this.#sectionAt === 0) return;
    this.#view.setUint32(this.#sectionAt + 1, this.#length - this.#sectionAt - HEAD_BYTES, true);
    this.#sectionAt = 0;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#length + more, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  #writeText(text: string, at: number): void {
    for (let i = 0; i < text.length; i++) this.#bytes[at + i] = text.charCodeAt(i);
  }
}
