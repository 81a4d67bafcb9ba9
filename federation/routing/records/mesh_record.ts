/** What clusters say of themselves: records with one writer each, merged alike everywhere. */

/** `topology`: links and nodes of a cluster; `interest`: what its subscribers want. */
export type RecordKind = "topology" | "interest";

/** Which record: an origin may have up to 256 of each kind. */
export interface RecordKey {
  /** Name of the cluster that writes it. */
  readonly origin: string;
  readonly kind: RecordKind;
  /** 0..255 */
  readonly shard: number;
}

/** One version of a record. Of two, the larger (counter, version) counts, whatever order they arrive in. */
export interface MeshRecord extends RecordKey {
  /** counter × 2³² + random; only the counter is ordered. */
  readonly epoch: number;
  /** 1, 2, … per origin and kind: all shards of a kind share one counter, so that "interest version v" means something. */
  readonly version: number;
  /** What remains of its life, ms. Each holder counts down on its own monotonic clock and purges at 0. */
  readonly lifetimeMs: number;
  /** Opaque here. Empty: withdrawn, and kept one lifetime so that an older copy does not come back. */
  readonly body: Uint8Array;
  /** Which shards of the kind are live as of this version (see `shardMark`): how a holder knows that it has all of them. */
  readonly liveDigest?: number;
  /** Header fields of a later protocol version, carried on as they came. */
  readonly extension?: Uint8Array;
}

/** A record that was just installed. */
export interface InstalledRecord extends MeshRecord {
  /** Only version and lifetime are new; the body is that of the version before. */
  readonly refreshed: boolean;
}

/** Kinds by the number that stands for them on the wire. Numbers beyond are kinds of a later version: carried on, not shown. */
export const KINDS: readonly RecordKind[] = ["topology", "interest"];
/** Numbers that a kind can have. */
export const KIND_NUMBERS_MAX = 8;
export const SHARDS_MAX = 256;
/** An epoch is a JSON-safe integer, so that its counter stays below 2²¹. */
export const COUNTER_MAX = 2 ** 21 - 1;
/** 49 days: what 32 bits hold. */
export const LIFETIME_MS_MAX = 2 ** 32 - 1;
export const BODY_BYTES_MAX = 256 * 1024;
export const EXTENSION_BYTES_MAX = 1024;

const ORIGIN = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Whether a text can name a cluster. */
export function isOriginName(name: string): boolean {
  return ORIGIN.test(name);
}

/** `paris/interest/3`: a key as text, for maps and for names of documents. */
export function recordKeyText({ origin, kind, shard }: RecordKey): string {
  return `${origin}/${kind}/${shard}`;
}

export function counterOf(epoch: number): number {
  return Math.floor(epoch / 2 ** 32);
}

export function epochWith(counter: number, random: number): number {
  return counter * 2 ** 32 + random;
}

/** 32 bits that stand for "this shard at this version". A record's `liveDigest` is the sum of those of the live shards, modulo 2³². */
export function shardMark(shard: number, version: number): number {
  let mark = Math.imul(shard + 1, 0x9e3779b1) ^ Math.imul(version | 0, 0x85ebca6b) ^
    Math.imul(Math.floor(version / 2 ** 32), 0xc2b2ae35);
  mark = Math.imul(mark ^ (mark >>> 16), 0x7feb352d);
  mark = Math.imul(mark ^ (mark >>> 15), 0x846ca68b);
  return (mark ^ (mark >>> 16)) >>> 0;
}
