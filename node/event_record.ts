/**
 * The bytes of one event: what the log keeps and what frames carry.
 *
 * | bytes | content |
 * |---|---|
 * | 1 | flags: bits 0-1 the data form, bit 2 a time to live is there |
 * | 1 | reserved, 0 |
 * | 2 | length of the topic in bytes |
 * | 4 | length of topic and attributes in bytes |
 * | 8 | time to live in ms (float), only with bit 2 |
 * | … | `topic NUL name NUL value NUL name NUL value …`, UTF-8 |
 * | … | data, up to the end of the record |
 *
 * Numbers are little-endian. CloudEvents 1.0 §2 forbids control characters in attribute values, so NUL can stand between
 * them; the first character of a name tells the type of a value that is not a string: `#` Integer, `?` Boolean.
 */

import { createAttributeBag } from "./codec/attribute_bag.ts";
import type { CloudEvent, DataForm, EventAttributes } from "./event.ts";
import type { AppendEntry } from "./event_store.ts";
import { TopicReader } from "./topic_reader.ts";

/** Largest topic and largest event that a record can hold; the limits of a node are far below. */
const TOPIC_BYTES_MAX = 0xffff;
const RECORD_BYTES_MAX = 0x3fffffff;

const FORMS: readonly (DataForm | undefined)[] = [undefined, "json", "text", "binary"];
const TTL_FLAG = 4;
const FIXED_BYTES = 8;
const UTF8_BYTES_PER_UNIT_MAX = 3;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const topics = new TopicReader();

/** Collects records one behind the other in a buffer that grows and is used again. */
export class RecordWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length = 0;

  constructor(capacity = 64 * 1024) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far: the offset of the next record. */
  get length(): number {
    return this.#length;
  }

  /** A copy of what was written. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  /** Appends a record. Throws `RangeError`, and writes nothing, if the event is larger than a record can be. */
  write(entry: AppendEntry): void {
    const { event, topic, ttlMs } = entry;
    const text = topic + attributesText(event.attributes);
    const data = event.data;
    this.#reserve(FIXED_BYTES + 8 + text.length * UTF8_BYTES_PER_UNIT_MAX + (data?.length ?? 0));
    const start = this.#length;
    const textStart = start + FIXED_BYTES + (ttlMs !== 0 ? 8 : 0);
    const textBytes = encoder.encodeInto(text, this.#bytes.subarray(textStart)).written;
    const topicBytes = this.#topicBytes(topic, text.length === textBytes);
    if (topicBytes > TOPIC_BYTES_MAX) {
      throw new RangeError(`Cannot store topic "${topic.slice(0, 80)}…": ${topicBytes} bytes, at most 65535 fit`);
    }
    this.#bytes[start] = FORMS.indexOf(event.dataForm) | (ttlMs !== 0 ? TTL_FLAG : 0);
    this.#bytes[start + 1] = 0;
    this.#view.setUint16(start + 2, topicBytes, true);
    this.#view.setUint32(start + 4, textBytes, true);
    if (ttlMs !== 0) this.#view.setFloat64(start + FIXED_BYTES, ttlMs, true);
    if (data !== undefined) this.#bytes.set(data, textStart + textBytes);
    this.#length = textStart + textBytes + (data?.length ?? 0);
  }

  /** Appends a record as it is. */
  copy(record: Uint8Array): void {
    this.#reserve(record.length);
    this.#bytes.set(record, this.#length);
    this.#length += record.length;
  }

  #topicBytes(topic: string, ascii: boolean): number {
    return ascii ? topic.length : encoder.encode(topic).length;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (more > RECORD_BYTES_MAX) {
      throw new RangeError(`Cannot store event: about ${more} bytes, at most ${RECORD_BYTES_MAX} fit a record`);
    }
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** One record on its own, for documents that hold an event. */
export function encodeRecord(entry: AppendEntry): Uint8Array<ArrayBuffer> {
  const writer = new RecordWriter(256);
  writer.write(entry);
  return writer.toBytes();
}

/** The opposite of `encodeRecord`. */
export function decodeRecord(record: Uint8Array): AppendEntry {
  return { event: recordEvent(record), topic: recordTopic(record), ttlMs: recordTtlMs(record) };
}

/** Where the source and the id of a record's event lie, as offsets of their first byte and of the one behind the last. */
export interface RecordIdentity {
  readonly sourceFrom: number;
  readonly sourceTo: number;
  readonly idFrom: number;
  readonly idTo: number;
}

/** Finds what identifies the event of a record without decoding it. Empty where it is missing. */
export function recordIdentity(record: Uint8Array): RecordIdentity {
  const start = textStart(record);
  const end = Math.min(start + textBytesOf(record), record.length);
  let [sourceFrom, sourceTo, idFrom, idTo] = [end, end, end, end];
  let missing = 2;
  for (let at = start + (record[2] | (record[3] << 8)) + 1; at < end && missing > 0;) {
    const nameEnd = endOfPart(record, at, end);
    const valueFrom = Math.min(nameEnd + 1, end);
    const valueEnd = endOfPart(record, valueFrom, end);
    if (isName(record, at, nameEnd, ID_NAME)) idFrom = valueFrom, idTo = valueEnd, missing--;
    else if (isName(record, at, nameEnd, SOURCE_NAME)) sourceFrom = valueFrom, sourceTo = valueEnd, missing--;
    at = valueEnd + 1;
  }
  return { sourceFrom, sourceTo, idFrom, idTo };
}

/** Whether two records hold events of the same source and id. */
export function isSameRecordId(a: Uint8Array, b: Uint8Array): boolean {
  const [left, right] = [recordIdentity(a), recordIdentity(b)];
  return isSameText(
    a.subarray(left.sourceFrom, left.sourceTo),
    b.subarray(right.sourceFrom, right.sourceTo),
  ) && isSameText(a.subarray(left.idFrom, left.idTo), b.subarray(right.idFrom, right.idTo));
}

/** The topic of a record, without looking at the rest. `from`: where the record begins, if not at the first byte. */
export function recordTopic(bytes: Uint8Array, from = 0): string {
  const start = from + ((bytes[from] & TTL_FLAG) === 0 ? FIXED_BYTES : FIXED_BYTES + 8);
  return topics.read(bytes, start, start + (bytes[from + 2] | (bytes[from + 3] << 8)));
}

/** Whether the topic of a record begins with these bytes. */
export function recordTopicBegins(record: Uint8Array, beginning: Uint8Array): boolean {
  const start = textStart(record);
  return (record[2] | (record[3] << 8)) >= beginning.length &&
    isName(record, start, start + beginning.length, beginning);
}

/** Remaining age at acceptance in ms; 0: never expires. `from`: where the record begins, if not at the first byte. */
export function recordTtlMs(bytes: Uint8Array, from = 0): number {
  return (bytes[from] & TTL_FLAG) === 0 ? 0 : viewOf(bytes).getFloat64(from + FIXED_BYTES, true);
}

/** What a record holds, read when somebody looks; topic and event once. */
export class RecordContent {
  readonly record: Uint8Array;
  #topic: string | undefined;
  #event: CloudEvent | undefined;

  constructor(record: Uint8Array) {
    this.record = record;
  }

  get topic(): string {
    return this.#topic ??= recordTopic(this.record);
  }

  get event(): CloudEvent {
    return this.#event ??= recordEvent(this.record);
  }

  get ttlMs(): number {
    return recordTtlMs(this.record);
  }
}

/** A copy of a record that has a time to live, with another one. */
export function recordWithTtl(record: Uint8Array, ttlMs: number): Uint8Array {
  const copy = record.slice();
  viewOf(copy).setFloat64(FIXED_BYTES, ttlMs, true);
  return copy;
}

/** The event of a record. Its data is a view of the record's bytes, not a copy. */
export function recordEvent(record: Uint8Array): CloudEvent {
  const start = textStart(record);
  const end = start + textBytesOf(record);
  const parts = decoder.decode(record.subarray(start, end)).split("\0");
  const attributes = createAttributeBag();
  for (let at = 1; at + 1 < parts.length; at += 2) {
    const name = parts[at];
    const mark = name.charCodeAt(0);
    if (mark === HASH) attributes[name.slice(1)] = Number(parts[at + 1]);
    else if (mark === QUESTION) attributes[name.slice(1)] = parts[at + 1] === "true";
    else attributes[name] = parts[at + 1];
  }
  const dataForm = FORMS[record[0] & 3];
  return {
    attributes: attributes as EventAttributes,
    data: dataForm === undefined ? undefined : record.subarray(end),
    dataForm,
  };
}

const HASH = 35;
const QUESTION = 63;
const ID_NAME = encoder.encode("id");
const SOURCE_NAME = encoder.encode("source");

function endOfPart(record: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && record[at] !== 0) at++;
  return at;
}

function isSameText(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && isName(a, 0, a.length, b);
}

function isName(record: Uint8Array, from: number, to: number, name: Uint8Array): boolean {
  if (to - from !== name.length) return false;
  for (let i = 0; i < name.length; i++) if (record[from + i] !== name[i]) return false;
  return true;
}

function attributesText(attributes: EventAttributes): string {
  let text = "";
  for (const name in attributes) {
    const value = attributes[name];
    if (typeof value === "string") text += "\0" + name + "\0" + value;
    else text += (typeof value === "number" ? "\0#" : "\0?") + name + "\0" + value;
  }
  return text;
}

/** A view for one number costs more than the number. */
function textBytesOf(record: Uint8Array): number {
  return (record[4] | (record[5] << 8) | (record[6] << 16) | (record[7] << 24)) >>> 0;
}

function textStart(record: Uint8Array): number {
  return (record[0] & TTL_FLAG) === 0 ? FIXED_BYTES : FIXED_BYTES + 8;
}

function viewOf(record: Uint8Array): DataView {
  return new DataView(record.buffer, record.byteOffset, record.byteLength);
}
