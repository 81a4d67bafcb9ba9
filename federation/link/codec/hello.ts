/**
 * HELLO: what a node says to a neighbour four times a second. In full when something changed, else as a digest. Both begin
 * with a beat, numbers little-endian:
 *
 * | at | content |
 * |---|---|
 * | 0 | `H` in full, `h` for a digest |
 * | 1 | version, 1 |
 * | 2 | CRC-32 of the JSON of the full hello that holds now (u32) |
 * | 6 | number of this hello, last number heard of the other side (u32 each) |
 * | 14 | how long ago that one was heard, ms (u16) |
 * | 16 | the sender's monotonic clock, ms (u32) |
 * | 20 | in full: the hello as JSON; in a digest a later minor version may say more, which this one skips |
 */

import * as v from "valibot";
import { crc32 } from "node:zlib";

import { isChainHex } from "./chain.ts";
import { BEST_EFFORT } from "./lanes.ts";
import { IDENTITY } from "./meet.ts";
import { parseJson } from "./parse_json.ts";
import type { ReasonCode } from "./reasons.ts";
import { NameSchema, WholeSchema } from "./schemas.ts";

/** As many as a mesh has clusters; more would be a lie. */
const CONGESTED_MAX = 4096;
const JSON_BYTES_MAX = 512 * 1024;
const BEAT_BYTES = 20;
const VERSION = 1;
const FULL = 0x48;
const DIGEST = 0x68;
const DELAY_MS_MAX = 0xffff;

const HexSchema = v.custom<string>((value) => typeof value === "string" && isChainHex(value));
const ReceivedSchema = v.optional(v.object({ linkEpoch: WholeSchema, sequence: WholeSchema, chain: HexSchema }));
const CreditSchema = v.optional(WholeSchema);
const CongestedSchema = v.pipe(v.array(NameSchema), v.maxLength(CONGESTED_MAX));
const CongestedLaneSchema = v.optional(CongestedSchema);

const HelloSchema = v.object({
  ...IDENTITY,
  /** Of the lease by which this node speaks for its cluster; 0 without one. */
  fence: WholeSchema,
  /** What it acknowledges is synced to disk. */
  ackAfterSync: v.boolean(),
  /** Of its frames to the other side; 0: none yet. */
  linkEpoch: WholeSchema,
  /** The last frame that it has of the other side, by lane, with the chain there; lanes without any are left out. */
  received: v.object({
    control: ReceivedSchema,
    high: ReceivedSchema,
    normal: ReceivedSchema,
    bulk: ReceivedSchema,
    // The highest that came, durable or not; its chain says nothing.
    [BEST_EFFORT]: ReceivedSchema,
  }),
  /** Of its record database, 16 hexadecimal digits. */
  root: HexSchema,
  /** How late its timers are, ms. */
  loopLagMs: v.pipe(v.number(), v.finite(), v.minValue(0)),
  /** Destinations for which it takes nothing now. */
  congested: CongestedSchema,
  /** Others, for which it takes nothing over a lane. */
  congestedLanes: v.optional(
    v.object({ high: CongestedLaneSchema, normal: CongestedLaneSchema, bulk: CongestedLaneSchema }),
  ),
  /** Room by lane; lanes that are not limited are left out. */
  creditBytes: v.object({ control: CreditSchema, high: CreditSchema, normal: CreditSchema, bulk: CreditSchema }),
  /** Why it will not speak; codes of later versions too. */
  reason: v.optional(
    v.object({ code: v.pipe(v.string(), v.maxLength(64)), detail: v.pipe(v.string(), v.maxLength(2048)) }),
  ),
});

export type Hello = Readonly<v.InferOutput<typeof HelloSchema>>;
export type Congested = Pick<Hello, "congested" | "congestedLanes">;

/** The numbers by which two sides know that they hear each other, and how long it takes. */
export interface Beat {
  /** CRC-32 of the full hello's JSON: an unknown one means that something changed. */
  readonly fullHash: number;
  /** Counts the sender's hellos. */
  readonly number: number;
  /** The last number heard of the other side; 0: none. */
  readonly echo: number;
  /** How long ago, ms; at most 65,535. */
  readonly echoDelayMs: number;
  /** Monotonic, of the sender, modulo 2³². */
  readonly sentAtMs: number;
}

export interface EncodedHello {
  readonly full: Uint8Array;
  readonly digest: Uint8Array;
  /** The beat's `fullHash`. */
  readonly hash: number;
}

export type DecodedHello =
  | { readonly type: "full"; readonly hello: Hello; readonly beat: Beat }
  | { readonly type: "digest"; readonly beat: Beat }
  | { readonly type: "problem"; readonly problem: ReasonCode; readonly detail: string };

const encoder = new TextEncoder();

/**
 * Both forms of a hello; the beat's `fullHash` is worked out here. Equal hellos have equal bytes after the beat. One that
 * is said again costs no more than its beat: it must not change.
 */
export function encodeHello(hello: Hello, beat: Omit<Beat, "fullHash">): EncodedHello {
  let text = texts.get(hello);
  if (text === undefined) {
    const json = encoder.encode(JSON.stringify(toJson(hello)));
    texts.set(hello, text = { json, hash: crc32(json) });
  }
  return new BothForms(text, beat);
}

interface HelloText {
  readonly json: Uint8Array;
  readonly hash: number;
}

/** Of hellos that somebody still holds. */
const texts = new WeakMap<Hello, HelloText>();

/** Only one of the two is sent: each is made when it is asked for. */
class BothForms implements EncodedHello {
  readonly #text: HelloText;
  readonly #beat: Omit<Beat, "fullHash">;

  constructor(text: HelloText, beat: Omit<Beat, "fullHash">) {
    this.#text = text;
    this.#beat = beat;
  }

  get hash(): number {
    return this.#text.hash;
  }

  get full(): Uint8Array {
    const { json } = this.#text;
    const bytes = new Uint8Array(BEAT_BYTES + json.length);
    bytes.set(json, BEAT_BYTES);
    return this.#begin(bytes, FULL);
  }

  get digest(): Uint8Array {
    return this.#begin(new Uint8Array(BEAT_BYTES), DIGEST);
  }

  #begin(bytes: Uint8Array, type: number): Uint8Array {
    writeBeat(bytes, type, { ...this.#beat, fullHash: this.#text.hash });
    return bytes;
  }
}

/** Never throws, whatever the bytes are. */
export function decodeHello(bytes: Uint8Array): DecodedHello {
  const type = bytes[0];
  if (bytes.length < BEAT_BYTES || (type !== FULL && type !== DIGEST)) return unreadable("it does not begin as one");
  if (bytes[1] !== VERSION) {
    const detail = `a HELLO has version ${bytes[1]}; this node reads version ${VERSION}`;
    return { type: "problem", problem: "VERSION_INCOMPATIBLE", detail };
  }
  const beat = readBeat(bytes);
  if (type === DIGEST) return { type: "digest", beat };
  const json = bytes.subarray(BEAT_BYTES);
  if (crc32(json) !== beat.fullHash) return unreadable("its checksum differs");
  const parsed = parseJson(HelloSchema, json, JSON_BYTES_MAX);
  return "fault" in parsed ? unreadable(parsed.fault) : { type: "full", hello: parsed.value, beat };
}

/** The members in one order, and no others: what a caller's object holds besides must not change the hash. */
function toJson(hello: Hello): unknown {
  const { federation, cluster, node, epoch, instance, versions, fence, ackAfterSync, linkEpoch } = hello;
  const { received, root, loopLagMs, congested, congestedLanes, creditBytes, reason } = hello;
  return {
    ...{ federation, cluster, node, epoch, instance, versions, fence, ackAfterSync, linkEpoch },
    ...{ received, root, loopLagMs, congested, congestedLanes, creditBytes, reason },
  };
}

function writeBeat(bytes: Uint8Array, type: number, beat: Beat): void {
  bytes[0] = type;
  bytes[1] = VERSION;
  writeWord(bytes, 2, beat.fullHash);
  writeWord(bytes, 6, beat.number);
  writeWord(bytes, 10, beat.echo);
  const delayMs = Math.min(DELAY_MS_MAX, Math.max(0, Math.round(beat.echoDelayMs)));
  bytes[14] = delayMs;
  bytes[15] = delayMs >>> 8;
  writeWord(bytes, 16, beat.sentAtMs);
}

function readBeat(bytes: Uint8Array): Beat {
  return {
    fullHash: readWord(bytes, 2),
    number: readWord(bytes, 6),
    echo: readWord(bytes, 10),
    echoDelayMs: bytes[14] | (bytes[15] << 8),
    sentAtMs: readWord(bytes, 16),
  };
}

/** A `DataView` of twenty bytes costs more than all that is in them. */
function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word;
  bytes[at + 1] = word >>> 8;
  bytes[at + 2] = word >>> 16;
  bytes[at + 3] = word >>> 24;
}

function readWord(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

function unreadable(why: string): DecodedHello {
  return { type: "problem", problem: "HELLO_UNREADABLE", detail: `a HELLO cannot be read: ${why}` };
}
