/** A seeded hash of an event's identity, small enough to keep for a million events. */

import { recordIdentity } from "./event_record.ts";

/** 64 bits in two halves, each an unsigned 32-bit integer. */
export interface IdHash {
  readonly hi: number;
  readonly lo: number;
}

/** Makes the hash of a store differ from that of any other, so that nobody can prepare ids that collide in it. */
export interface IdHashSeed {
  readonly hi: number;
  readonly lo: number;
}

/**
 * Hashes (source, id), the identity of an event (CloudEvents 1.0 §3.1). Two lanes of multiply and xor over the UTF-16
 * units, mixed at the end: a hint to find an event by, never a proof that two are the same.
 */
export function hashId(seed: IdHashSeed, source: string, id: string): IdHash {
  let a = seed.hi ^ 0xdeadbeef;
  let b = seed.lo ^ 0x41c6ce57;
  for (let i = 0; i < source.length; i++) {
    const unit = source.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x9e3779b1);
    b = Math.imul(b ^ unit, 0x5f356495);
  }
  // A unit that no string holds stands between the two, so that ("ab", "c") and ("a", "bc") differ.
  a = Math.imul(a ^ 0x10000, 0x9e3779b1);
  b = Math.imul(b ^ 0x10000, 0x5f356495);
  for (let i = 0; i < id.length; i++) {
    const unit = id.charCodeAt(i);
    a = Math.imul(a ^ (a >>> 15) ^ unit, 0x9e3779b1);
    b = Math.imul(b ^ (b >>> 13) ^ unit, 0x5f356495);
  }
  return mixed(a, b);
}

/** The hash of a record's event, equal to that of its source and id. */
export function hashRecord(seed: IdHashSeed, record: Uint8Array): IdHash {
  const { sourceFrom, sourceTo, idFrom, idTo } = recordIdentity(record);
  let a = seed.hi ^ 0xdeadbeef;
  let b = seed.lo ^ 0x41c6ce57;
  let bits = 0;
  for (let i = sourceFrom; i < sourceTo; i++) {
    const unit = record[i];
    bits |= unit;
    a = Math.imul(a ^ unit, 0x9e3779b1);
    b = Math.imul(b ^ unit, 0x5f356495);
  }
  a = Math.imul(a ^ 0x10000, 0x9e3779b1);
  b = Math.imul(b ^ 0x10000, 0x5f356495);
  for (let i = idFrom; i < idTo; i++) {
    const unit = record[i];
    bits |= unit;
    a = Math.imul(a ^ (a >>> 15) ^ unit, 0x9e3779b1);
    b = Math.imul(b ^ (b >>> 13) ^ unit, 0x5f356495);
  }
  if (bits < 0x80) return mixed(a, b);
  // Beyond ASCII, bytes are not the units of the text.
  const text = (from: number, to: number) => decoder.decode(record.subarray(from, to));
  return hashId(seed, text(sourceFrom, sourceTo), text(idFrom, idTo));
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function mixed(a: number, b: number): IdHash {
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  return { hi: a >>> 0, lo: b >>> 0 };
}
