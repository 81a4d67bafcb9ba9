/**
 * What databases say to each other: a version byte (1), then sections.
 *
 * | section | content |
 * |---|---|
 * | head | type (1), length of what follows (4) |
 * | 1 records | tag (4), remaining lifetime in ms (4), length (4), sealed record; again and again |
 * | 2 acks | tags (4 each) of records that need not be sent again |
 * | 3 buckets | walk (4), a bit per bucket that is asked for (32), 256 bucket sums (8 each): "what do you have that I have not?" |
 * | 4 keys | walk (4), part (2), parts (2), a bit per bucket that differs too but is not listed (32), then keys: kind (1), shard (1), length of origin (1), epoch (8), version (8), low half of the hash (4), origin |
 * | 5 wants | kind (1), shard (1), length of origin (1), origin; again and again: "send me these" |
 *
 * Numbers are little-endian. A section of a type that is not known is skipped. Any message may be lost, repeated or late.
 */

import { readOrigin } from "./origin_name.ts";
import { BUCKETS, readInteger, readUint32 } from "./sealed_record.ts";

export const MESSAGE_VERSION = 1;
export const HEAD_BYTES = 5;
export const RECORD_HEAD_BYTES = 12;
export const KEY_FIXED_BYTES = 23;
export const WANT_FIXED_BYTES = 3;
export const KEYS_HEAD_BYTES = 40;
export const MASK_BYTES = BUCKETS / 8;
export const BUCKETS_BYTES = 4 + MASK_BYTES + 8 * BUCKETS;

export const RECORDS = 1;
export const ACKS = 2;
export const BUCKET_SUMS = 3;
export const KEYS = 4;
export const WANTS = 5;

/** A key as a comparison lists it. */
export interface ListedKey {
  readonly origin: string;
  readonly kind: number;
  readonly shard: number;
  readonly epoch: number;
  readonly version: number;
  readonly hashLow: number;
}

export type WantedKey = Pick<ListedKey, "origin" | "kind" | "shard">;

export interface KeysAnswer {
  readonly walk: number;
  readonly part: number;
  readonly parts: number;
  /** Buckets that differ and are left for another round. */
  readonly left: Uint8Array;
  readonly keys: readonly ListedKey[];
}

/** Who reads a message. Byte ranges and arrays belong to the message and are valid during the call. */
export interface MessageVisitor {
  onRecord(tag: number, lifetimeMs: number, range: { readonly from: number; readonly to: number }): void;
  onAck(tag: number): void;
  onBuckets(walk: number, asked: Uint8Array, sums: Uint32Array): void;
  onKeys(answer: KeysAnswer): void;
  onWant(key: WantedKey): void;
}

/** Reads hostile bytes. The answer says what is wrong with them; what stood before that was told to the visitor. */
export function readMessage(payload: Uint8Array, visitor: MessageVisitor): string | undefined {
  if (payload.length === 0 || payload[0] !== MESSAGE_VERSION) {
    return `message of version ${payload[0]}, this node reads 1`;
  }
  let at = 1;
  while (at < payload.length) {
    if (at + HEAD_BYTES > payload.length) return "message ends in the head of a section";
    const type = payload[at];
    const from = at + HEAD_BYTES;
    const to = from + readUint32(payload, at + 1);
    if (to > payload.length) return `section ${type} is longer than its message`;
    if (!readSection(payload, type, from, to, visitor)) return `section ${type} cannot be read`;
    at = to;
  }
  return undefined;
}

function readSection(bytes: Uint8Array, type: number, from: number, to: number, visitor: MessageVisitor): boolean {
  switch (type) {
    case RECORDS:
      return readRecords(bytes, from, to, visitor);
    case ACKS:
      for (let at = from; at + 4 <= to; at += 4) visitor.onAck(readUint32(bytes, at));
      return (to - from) % 4 === 0;
    case BUCKET_SUMS:
      return readBuckets(bytes, from, to, visitor);
    case KEYS:
      return readKeys(bytes, from, to, visitor);
    case WANTS:
      return readWants(bytes, from, to, visitor);
    default:
      return true;
  }
}

function readRecords(bytes: Uint8Array, from: number, to: number, visitor: MessageVisitor): boolean {
  let at = from;
  while (at < to) {
    const start = at + RECORD_HEAD_BYTES;
    if (start > to) return false;
    const end = start + readUint32(bytes, at + 8);
    if (end > to) return false;
    visitor.onRecord(readUint32(bytes, at), readUint32(bytes, at + 4), { from: start, to: end });
    at = end;
  }
  return true;
}

function readBuckets(bytes: Uint8Array, from: number, to: number, visitor: MessageVisitor): boolean {
  if (to - from < BUCKETS_BYTES) return false;
  const sums = new Uint32Array(2 * BUCKETS);
  const sumsAt = from + 4 + MASK_BYTES;
  for (let i = 0; i < sums.length; i++) sums[i] = readUint32(bytes, sumsAt + 4 * i);
  visitor.onBuckets(readUint32(bytes, from), bytes.subarray(from + 4, sumsAt), sums);
  return true;
}

function readKeys(bytes: Uint8Array, from: number, to: number, visitor: MessageVisitor): boolean {
  let at = from + KEYS_HEAD_BYTES;
  if (at > to) return false;
  const keys: ListedKey[] = [];
  while (at < to) {
    const end = at + KEY_FIXED_BYTES + bytes[at + 2];
    if (end > to) return false;
    const origin = readOrigin(bytes, at + KEY_FIXED_BYTES, bytes[at + 2]);
    const epoch = readInteger(bytes, at + 3);
    const version = readInteger(bytes, at + 11);
    if (origin === undefined || !Number.isSafeInteger(epoch) || !Number.isSafeInteger(version)) return false;
    keys.push({ origin, kind: bytes[at], shard: bytes[at + 1], epoch, version, hashLow: readUint32(bytes, at + 19) });
    at = end;
  }
  const part = bytes[from + 4] | (bytes[from + 5] << 8);
  const parts = bytes[from + 6] | (bytes[from + 7] << 8);
  if (part >= parts) return false;
  visitor.onKeys({ walk: readUint32(bytes, from), part, parts, left: bytes.slice(from + 8, from + 40), keys });
  return true;
}

function readWants(bytes: Uint8Array, from: number, to: number, visitor: MessageVisitor): boolean {
  let at = from;
  while (at < to) {
    const end = at + WANT_FIXED_BYTES + bytes[at + 2];
    const origin = end > to ? undefined : readOrigin(bytes, at + WANT_FIXED_BYTES, bytes[at + 2]);
    if (origin === undefined) return false;
    visitor.onWant({ origin, kind: bytes[at], shard: bytes[at + 1] });
    at = end;
  }
  return true;
}

/** Bytes of a key in a list. */
export function listedBytes(key: Pick<ListedKey, "origin">): number {
  return KEY_FIXED_BYTES + key.origin.length;
}
