/**
 * The part of a record that no holder changes, as bytes: what is hashed, compared, flooded and kept.
 *
 * | bytes | content |
 * |---|---|
 * | 1 | layout, 1 |
 * | 1 | kind: 0 topology, 1 interest, 2..7 of later versions |
 * | 1 | shard |
 * | 1 | length of the origin's name |
 * | 2 | length of the extension |
 * | 2 | reserved, 0 |
 * | 8 | epoch: low and high 32 bits |
 * | 8 | version: low and high 32 bits |
 * | 4 | live digest |
 * | … | origin, extension, and the body up to the end |
 *
 * Numbers are little-endian. The lifetime is not part of it: it differs from holder to holder.
 */

import {
  BODY_BYTES_MAX,
  counterOf,
  EXTENSION_BYTES_MAX,
  KIND_NUMBERS_MAX,
  KINDS,
  type MeshRecord,
} from "./mesh_record.ts";
import { ORIGIN_BYTES_MAX, readOrigin } from "./origin_name.ts";
import { hashRecord, type RecordHash } from "./record_hash.ts";

const LAYOUT = 1;
const FIXED_BYTES = 28;
/** The largest that a sealed record can be. */
export const SEALED_BYTES_MAX = FIXED_BYTES + ORIGIN_BYTES_MAX + EXTENSION_BYTES_MAX + BODY_BYTES_MAX;
/** Buckets that keys fall into by their hash; the unit in which databases are compared. */
export const BUCKETS = 256;

const NOTHING = new Uint8Array(0);

/** What stands in front of a body. */
export interface RecordHeader {
  readonly origin: string;
  /** As a number (see `KINDS`). */
  readonly kind: number;
  readonly shard: number;
  readonly epoch: number;
  readonly version: number;
  readonly liveDigest: number;
  /** Offset of the body in the sealed bytes. */
  readonly bodyAt: number;
  /** The body is empty. */
  readonly withdrawn: boolean;
  /** By origin, kind and shard. */
  readonly bucket: number;
}

/** Immutable: databases in one process may share it. */
export interface SealedRecord extends RecordHeader {
  readonly counter: number;
  readonly bytes: Uint8Array;
  /** A view of them; the same for all who share the record. */
  readonly body: Uint8Array;
  readonly hash: RecordHash;
}

/** Reads a header from hostile bytes; `undefined` if they are no record within the limits. */
export function readHeader(bytes: Uint8Array, from: number, to: number): RecordHeader | undefined {
  if (to - from < FIXED_BYTES || bytes[from] !== LAYOUT || bytes[from + 1] >= KIND_NUMBERS_MAX) return undefined;
  const extensionBytes = bytes[from + 4] | (bytes[from + 5] << 8);
  const bodyAt = FIXED_BYTES + bytes[from + 3] + extensionBytes;
  const bodyBytes = to - from - bodyAt;
  if (extensionBytes > EXTENSION_BYTES_MAX || bodyBytes < 0 || bodyBytes > BODY_BYTES_MAX) return undefined;
  const origin = readOrigin(bytes, from + FIXED_BYTES, bytes[from + 3]);
  const epoch = readInteger(bytes, from + 8);
  const version = readInteger(bytes, from + 16);
  if (origin === undefined || !Number.isSafeInteger(epoch) || !Number.isSafeInteger(version) || version < 1) {
    return undefined;
  }
  const kind = bytes[from + 1];
  const shard = bytes[from + 2];
  const bucket = bucketOf({ origin, kind, shard });
  const liveDigest = readUint32(bytes, from + 24);
  return { origin, kind, shard, epoch, version, liveDigest, bodyAt, withdrawn: bodyBytes === 0, bucket };
}

/** A header and the bytes that it was read from, which the record then owns. */
export function toSealed(header: RecordHeader, bytes: Uint8Array): SealedRecord {
  const { origin, kind, shard, epoch, version, liveDigest, bodyAt, withdrawn, bucket } = header;
  const counter = counterOf(epoch);
  const hash = hashRecord(bytes);
  const body = bytes.subarray(bodyAt);
  return { origin, kind, shard, epoch, version, liveDigest, bodyAt, withdrawn, bucket, counter, bytes, body, hash };
}

/** Seals a record. Throws `RangeError` where a field is beyond its limit. */
export function seal(record: Omit<MeshRecord, "lifetimeMs" | "kind"> & { readonly kind: number }): SealedRecord {
  const { origin, kind, shard, epoch, version, body, liveDigest = 0, extension = NOTHING } = record;
  const bodyAt = FIXED_BYTES + origin.length + extension.length;
  const bytes = new Uint8Array(bodyAt + body.length);
  const view = new DataView(bytes.buffer);
  bytes.set([LAYOUT, kind, shard, origin.length]);
  view.setUint16(4, extension.length, true);
  writeInteger(view, 8, epoch);
  writeInteger(view, 16, version);
  view.setUint32(24, liveDigest, true);
  for (let i = 0; i < origin.length; i++) bytes[FIXED_BYTES + i] = origin.charCodeAt(i);
  bytes.set(extension, FIXED_BYTES + origin.length);
  bytes.set(body, bodyAt);
  const header = shard > 255 || origin.length > ORIGIN_BYTES_MAX || extension.length > EXTENSION_BYTES_MAX
    ? undefined
    : readHeader(bytes, 0, bytes.length);
  if (header === undefined) {
    throw new RangeError(
      `Cannot seal record "${origin}/${KINDS[kind]}/${shard}" of ${body.length} bytes: beyond the limits; ` +
        `a name has up to 63 of a-z, 0-9 and -, a body up to ${BODY_BYTES_MAX} bytes`,
    );
  }
  return toSealed(header, bytes);
}

/** The record for those who work with it; `undefined` for a kind of a later version. */
export function toMeshRecord(sealed: SealedRecord, lifetimeMs: number): MeshRecord | undefined {
  const kind = KINDS[sealed.kind];
  if (kind === undefined) return undefined;
  const { origin, shard, epoch, version, liveDigest, bytes, body, bodyAt } = sealed;
  const record: MeshRecord = { origin, kind, shard, epoch, version, lifetimeMs, body, liveDigest };
  const extensionAt = FIXED_BYTES + origin.length;
  return extensionAt === bodyAt ? record : { ...record, extension: bytes.subarray(extensionAt, bodyAt) };
}

/**
 * Which of two versions of one record counts: positive if the first. By (counter, version); where those are equal two
 * writers used one name, and the larger (epoch, bytes) wins, everywhere alike. 0: they are the same.
 */
export function compareSealed(a: SealedRecord, b: SealedRecord): number {
  return compareVersions(a, b) || a.epoch - b.epoch || compareBytes(a.bytes, b.bytes);
}

/** The ordered part of `compareSealed`. */
export function compareVersions(
  a: { readonly epoch: number; readonly version: number },
  b: { readonly epoch: number; readonly version: number },
): number {
  return counterOf(a.epoch) - counterOf(b.epoch) || a.version - b.version;
}

/** Whether `sealed` is exactly the bytes from `from` to `to`. */
export function isSealedAs(sealed: SealedRecord, bytes: Uint8Array, from: number, to: number): boolean {
  const own = sealed.bytes;
  if (own.length !== to - from) return false;
  for (let i = 0; i < own.length; i++) if (own[i] !== bytes[from + i]) return false;
  return true;
}

/** Whether two versions say the same. */
export function isSameBody(a: SealedRecord, b: SealedRecord): boolean {
  if (a.bytes.length - a.bodyAt !== b.bytes.length - b.bodyAt) return false;
  for (let i = a.bodyAt, j = b.bodyAt; i < a.bytes.length; i++, j++) if (a.bytes[i] !== b.bytes[j]) return false;
  return true;
}

export function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

/** The bucket of a key: the first eight bits of a hash of it. */
export function bucketOf(key: { readonly origin: string; readonly kind: number; readonly shard: number }): number {
  let hash = Math.imul(0x811c9dc5 ^ (key.kind << 8 | key.shard), 0x9e3779b1);
  for (let i = 0; i < key.origin.length; i++) hash = Math.imul(hash ^ key.origin.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 24;
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

/** A 64-bit integer; beyond 2⁵³ it is not exact, which `Number.isSafeInteger` tells. */
export function readInteger(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at + 4) * 2 ** 32 + readUint32(bytes, at);
}

export function writeInteger(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}
