/** Records and their messages as docs/link-protocol.md has them, §6; shares no code with Weft. */

import { scramble } from "./stranger_frame.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Of one live shard. */
export function sealRecord(
  { origin, kind, shard, epoch, version, body }: {
    readonly origin: string;
    readonly kind: number;
    readonly shard: number;
    readonly epoch: number;
    readonly version: number;
    readonly body: string;
  },
): Uint8Array {
  const bytes = encoder.encode(" ".repeat(28) + origin + body);
  const view = new DataView(bytes.buffer);
  bytes.set([1, kind, shard, origin.length, 0, 0, 0, 0]);
  for (const [at, value] of [[8, epoch], [16, version]]) {
    view.setUint32(at, value >>> 0, true);
    view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
  }
  view.setUint32(24, markOf(shard, version), true);
  return bytes;
}

function markOf(shard: number, version: number): number {
  let m = Math.imul(shard + 1, 0x9e3779b1) ^ Math.imul(version | 0, 0x85ebca6b) ^
    Math.imul(Math.floor(version / 2 ** 32), 0xc2b2ae35);
  m = Math.imul(m ^ (m >>> 16), 0x7feb352d);
  m = Math.imul(m ^ (m >>> 15), 0x846ca68b);
  return (m ^ (m >>> 16)) >>> 0;
}

export function hashOf(bytes: Uint8Array): { readonly high: number; readonly low: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let a = 0x2545f491;
  let b = 0x6c8e9cf5;
  const words = bytes.length - bytes.length % 4;
  for (let at = 0; at < words; at += 4) {
    const w = view.getUint32(at, true);
    a ^= Math.imul(w, 0xcc9e2d51);
    a = Math.imul((a << 13) | (a >>> 19), 5) + 0x6546b64;
    b = Math.imul(b ^ w, 0x5f356495);
    b ^= b >>> 15;
  }
  for (const v of bytes.subarray(words)) {
    a = Math.imul(a ^ v, 0x9e3779b1);
    b = Math.imul(b ^ v, 0x5f356495);
  }
  const high = scramble(a ^ bytes.length);
  return { high, low: scramble(b ^ Math.imul(bytes.length, 0x9e3779b1) ^ high) };
}

/** The bucket that a sealed record is in. */
export function bucketOf(sealed: Uint8Array): number {
  let h = Math.imul(0x811c9dc5 ^ (sealed[1] << 8 | sealed[2]), 0x9e3779b1);
  for (const c of sealed.subarray(28, 28 + sealed[3])) h = Math.imul(h ^ c, 0x01000193);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 24;
}

/** Sections behind a version byte. */
export class DatabaseMessage {
  bytes: Uint8Array = new Uint8Array([1]);

  record(tag: number, lifetimeMs: number, sealed: Uint8Array): void {
    const content = new Uint8Array(12 + sealed.length);
    const view = new DataView(content.buffer);
    [tag, lifetimeMs, sealed.length].forEach((value, i) => view.setUint32(4 * i, value, true));
    content.set(sealed, 12);
    this.#section(1, content);
  }

  ack(tag: number): void {
    const content = new Uint8Array(4);
    new DataView(content.buffer).setUint32(0, tag, true);
    this.#section(2, content);
  }

  /** "What do you have that I have not?" of all buckets. */
  buckets(walk: number, records: Iterable<Uint8Array>): void {
    const content = new Uint8Array(4 + 32 + 8 * 256);
    const view = new DataView(content.buffer);
    view.setUint32(0, walk, true);
    content.fill(0xff, 4, 36);
    for (const record of records) {
      const at = 36 + 8 * bucketOf(record);
      const { high, low } = hashOf(record);
      view.setUint32(at, view.getUint32(at, true) + high, true);
      view.setUint32(at + 4, view.getUint32(at + 4, true) + low, true);
    }
    this.#section(3, content);
  }

  want({ kind, shard, origin }: WantedRecord): void {
    this.#section(5, new Uint8Array([kind, shard, origin.length, ...encoder.encode(origin)]));
  }

  /** "You have everything that I have." */
  noKeys(walk: number): void {
    const content = new Uint8Array(40);
    const view = new DataView(content.buffer);
    view.setUint32(0, walk, true);
    view.setUint16(6, 1, true);
    this.#section(4, content);
  }

  #section(type: number, content: Uint8Array): void {
    const next = new Uint8Array(this.bytes.length + 5 + content.length);
    next.set(this.bytes);
    next[this.bytes.length] = type;
    new DataView(next.buffer).setUint32(this.bytes.length + 1, content.length, true);
    next.set(content, this.bytes.length + 5);
    this.bytes = next;
  }
}

export interface WantedRecord {
  readonly kind: number;
  readonly shard: number;
  readonly origin: string;
}

export interface ReadMessage {
  readonly records: { readonly tag: number; readonly key: string; readonly bytes: Uint8Array }[];
  readonly acks: number[];
  /** Numbers of the walks in which buckets were asked for. */
  readonly walks: number[];
  /** Records that were listed in answer to own questions; `undefined`: there was no answer. */
  keys: WantedRecord[] | undefined;
}

export function readDatabaseMessage(message: Uint8Array): ReadMessage {
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  const read: ReadMessage = { records: [], acks: [], walks: [], keys: undefined };
  if (message[0] !== 1) throw new Error(`Cannot read message of the database: version ${message[0]}`);
  for (let at = 1; at < message.length;) {
    const from = at + 5;
    const to = from + view.getUint32(at + 1, true);
    if (message[at] === 1) {
      for (let record = from; record < to;) {
        const end = record + 12 + view.getUint32(record + 8, true);
        const bytes = message.slice(record + 12, end);
        const origin = decoder.decode(bytes.subarray(28, 28 + bytes[3]));
        read.records.push({ tag: view.getUint32(record, true), key: `${origin}/${bytes[1]}/${bytes[2]}`, bytes });
        record = end;
      }
    } else if (message[at] === 2) {
      for (let tag = from; tag < to; tag += 4) read.acks.push(view.getUint32(tag, true));
    } else if (message[at] === 3) read.walks.push(view.getUint32(from, true));
    else if (message[at] === 4) {
      read.keys ??= [];
      for (let key = from + 40; key < to; key += 23 + message[key + 2]) {
        const origin = decoder.decode(message.subarray(key + 23, key + 23 + message[key + 2]));
        read.keys.push({ kind: message[key], shard: message[key + 1], origin });
      }
    }
    at = to;
  }
  return read;
}
