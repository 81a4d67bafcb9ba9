/** Frames and records as docs/link-protocol.md has them, §4; shares no code with Weft. */

import { crc32 } from "node:zlib";

export interface StrangerFrame {
  readonly linkEpoch: number;
  readonly sequence: number;
  readonly lane: string;
  readonly previousChainHex: string;
  readonly chainHex: string;
  readonly events: readonly StrangerEvent[];
}

export interface StrangerEvent {
  readonly origin: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly hops: readonly string[];
  readonly destinations: readonly {
    readonly cluster: string;
    readonly previous: number;
    readonly ungrouped: boolean;
  }[];
  readonly topic: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly data: string;
}

interface Chain {
  readonly low: number;
  readonly high: number;
}

export interface FrameToWrite {
  readonly linkEpoch: number;
  readonly sequence: number;
  readonly previousChain: Chain;
  readonly origin: string;
  readonly epoch: number;
  readonly hops: readonly string[];
  readonly destination: string;
  readonly record: Uint8Array;
}

const LANES = ["control", "high", "normal", "bulk"];
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A frame of one event with the frame's own number, which is the origin's first for that destination or follows the one before. */
export function writeFrame(frame: FrameToWrite): { readonly bytes: Uint8Array; readonly chain: Chain } {
  const { linkEpoch, sequence, previousChain, origin, epoch, hops, destination, record } = frame;
  const names = [...new Set([origin, ...hops, destination])];
  const tables = names.flatMap((name) => [...leb(name.length), ...encoder.encode(name)]);
  const group = [
    ...leb(names.indexOf(origin)),
    ...leb(epoch),
    0, // it has not ended
    0, // detours
    hops.length,
    ...hops.map((hop) => names.indexOf(hop)),
    ...leb(sequence),
    1, // destinations
    names.indexOf(destination),
    1, // first sequence − previous
    1, // ungrouped
    1, // events
    1 | 2 | 4,
    0, // age
    ...leb(record.length),
  ];
  const index = [...leb(group.length), ...group];
  const recordsAt = 68 + tables.length + index.length;
  const bytes = new Uint8Array(recordsAt + record.length);
  const view = new DataView(bytes.buffer);
  bytes.set([...encoder.encode("WFR"), 1]);
  view.setUint32(8, 0xffffffff, true);
  view.setUint16(20, 68, true);
  view.setUint8(22, LANES.indexOf("normal"));
  view.setFloat64(24, linkEpoch, true);
  view.setFloat64(32, sequence, true);
  view.setUint32(40, previousChain.low, true);
  view.setUint32(44, previousChain.high, true);
  view.setUint32(48, tables.length + index.length, true);
  view.setUint32(52, index.length, true);
  view.setUint32(56, record.length, true);
  [names.length, 0, 1, 1].forEach((count, i) => view.setUint16(60 + 2 * i, count, true));
  bytes.set([...tables, ...index], 68);
  bytes.set(record, recordsAt);
  const body = crc32(bytes.subarray(recordsAt));
  view.setUint32(16, body, true);
  const head = crc32(bytes.subarray(16, recordsAt));
  view.setUint32(12, head, true);
  return { bytes, chain: nextChain(previousChain, head, body) };
}

/** Throws where a checksum differs. */
export function readFrame(bytes: Uint8Array): StrangerFrame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const tablesAt = view.getUint16(20, true);
  const recordsAt = tablesAt + view.getUint32(48, true);
  const indexAt = recordsAt - view.getUint32(52, true);
  const head = view.getUint32(12, true);
  const body = view.getUint32(16, true);
  if (decoder.decode(bytes.subarray(0, 3)) !== "WFR" || bytes[3] !== 1) throw new Error("Cannot read frame: no WFR 1");
  if (crc32(bytes.subarray(16, recordsAt)) !== head || crc32(bytes.subarray(recordsAt)) !== body) {
    throw new Error("Cannot read frame: a checksum differs");
  }
  const tables = new Reader(bytes, tablesAt);
  const clusters = Array.from({ length: view.getUint16(60, true) }, () => tables.text());
  const index = new Reader(bytes, indexAt);
  const events: StrangerEvent[] = [];
  let recordAt = recordsAt;
  for (let group = 0; group < view.getUint16(64, true); group++) {
    const length = index.whole();
    const end = index.at + length;
    recordAt = readGroup(index, { clusters, bytes, recordAt }, events);
    index.at = end;
  }
  const previous = { low: view.getUint32(40, true), high: view.getUint32(44, true) };
  return {
    linkEpoch: view.getFloat64(24, true),
    sequence: view.getFloat64(32, true),
    lane: LANES[bytes[22]],
    previousChainHex: toHex(previous),
    chainHex: toHex(nextChain(previous, head, body)),
    events,
  };
}

/** An event with its topic as `type`, as a record. */
export function writeRecord(attributes: Readonly<Record<string, string>>, data: string): Uint8Array {
  const topic = attributes.type;
  const text = encoder.encode(
    topic + Object.entries(attributes).map(([name, value]) => `\0${name}\0${value}`).join(""),
  );
  const record = new Uint8Array(8 + text.length + data.length);
  const view = new DataView(record.buffer);
  record[0] = 1; // JSON, no time to live
  view.setUint16(2, topic.length, true);
  view.setUint32(4, text.length, true);
  record.set(text, 8);
  record.set(encoder.encode(data), 8 + text.length);
  return record;
}

function readGroup(
  reader: Reader,
  { clusters, bytes, recordAt }: { readonly clusters: readonly string[]; readonly bytes: Uint8Array; recordAt: number },
  events: StrangerEvent[],
): number {
  const origin = clusters[reader.whole()];
  const epoch = reader.whole();
  reader.byte();
  reader.whole();
  const hops = Array.from({ length: reader.whole() }, () => clusters[reader.whole()]);
  const first = reader.whole();
  const destinations = Array.from({ length: reader.whole() }, () => {
    const cluster = clusters[reader.whole()];
    const previous = first - reader.whole();
    const picks = reader.whole();
    for (let i = 0; i < picks >> 1; i++) reader.whole();
    return { cluster, previous, ungrouped: picks % 2 === 1 };
  });
  const count = reader.whole();
  const flags = reader.byte();
  const sequences = [first];
  while (sequences.length < count) sequences.push(sequences.at(-1)! + 1 + ((flags & 1) === 0 ? reader.whole() : 0));
  reader.whole();
  if ((flags & 2) === 0) { for (let i = 0; i < count; i++) reader.whole(); }
  const common = (flags & 4) === 0 ? undefined : reader.whole();
  const lengths = sequences.map(() => common ?? reader.whole());
  for (const [i, sequence] of sequences.entries()) {
    const record = readRecord(bytes.subarray(recordAt, recordAt += lengths[i]));
    events.push({ origin, epoch, sequence, hops, destinations, ...record });
  }
  return recordAt;
}

function readRecord(record: Uint8Array): Pick<StrangerEvent, "topic" | "attributes" | "data"> {
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  const from = (record[0] & 4) === 0 ? 8 : 16;
  const end = from + view.getUint32(4, true);
  const [topic, ...parts] = decoder.decode(record.subarray(from, end)).split("\0");
  const pairs = Array.from({ length: parts.length / 2 }, (_, i) => [parts[2 * i], parts[2 * i + 1]]);
  return { topic, attributes: Object.fromEntries(pairs), data: decoder.decode(record.subarray(end)) };
}

class Reader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  byte(): number {
    return this.#bytes[this.at++];
  }

  whole(): number {
    let value = 0;
    for (let unit = 1;; unit *= 128) {
      const byte = this.byte();
      value += (byte & 127) * unit;
      if (byte < 128) return value;
    }
  }

  text(): string {
    const length = this.whole();
    return decoder.decode(this.#bytes.subarray(this.at, this.at += length));
  }
}

function leb(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push(value % 128 + 128);
  return [...bytes, value];
}

function nextChain({ low, high }: Chain, head: number, body: number): Chain {
  const scrambled = scramble(low ^ head);
  const nextHigh = scramble((Math.imul(high, 5) + scrambled) ^ body);
  return { low: (scrambled ^ Math.imul(nextHigh, 0x9e3779b1)) >>> 0, high: nextHigh };
}

/** The finaliser of MurmurHash3. */
export function scramble(value: number): number {
  let h = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function toHex({ high, low }: Chain): string {
  return [high, low].map((half) => half.toString(16).padStart(8, "0")).join("");
}
