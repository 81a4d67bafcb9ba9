import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import type { AttributeValue, CloudEvent } from "../../node/event.ts";
import {
  encodeRecord,
  isSameRecordId,
  recordEvent,
  recordIdentity,
  recordTopic,
  recordTtlMs,
  RecordWriter,
} from "../../node/event_record.ts";
import { hashId, hashRecord } from "../../node/id_hash.ts";
import { anEvent } from "../support/events.ts";

// What a codec lets through: names of a-z0-9, strings without control characters and lone surrogates.
const name = fc.stringMatching(/^[a-z][a-z0-9]{0,19}$/);
const text = fc.string({ unit: "grapheme" }).map((value) => value.replace(/\p{Cc}/gu, ""));
const value = fc.oneof<fc.Arbitrary<AttributeValue>[]>(
  text,
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.boolean(),
);
const event = fc.record({
  attributes: fc.dictionary(name, value),
  data: fc.option(fc.uint8Array({ maxLength: 64 }), { nil: undefined }),
  dataForm: fc.constantFrom("json", "text", "binary"),
}).map(({ attributes, data, dataForm }) => anEvent({ attributes, data, dataForm: dataForm as "json" }));
const topic = text.filter((value) => value.length > 0 && !value.includes("\0"));

function write(...entries: { event: CloudEvent; topic: string; ttlMs: number }[]): Uint8Array {
  const writer = new RecordWriter(16);
  for (const entry of entries) writer.write(entry);
  return writer.toBytes();
}

function comparable(event: CloudEvent): unknown {
  return { attributes: Object.entries(event.attributes), data: event.data && [...event.data], form: event.dataForm };
}

describe("RecordWriter.write()", () => {
  it("keeps every attribute with its type and order, and the data with its form", () => {
    fc.assert(fc.property(event, topic, (event, topic) => {
      const read = recordEvent(write({ event, topic, ttlMs: 0 }));
      expect(comparable(read)).toEqual(comparable(event));
    }));
  });

  it("keeps topic and time to live where they can be read alone", () => {
    fc.assert(fc.property(event, topic, fc.nat(), (event, topic, ttlMs) => {
      const record = write({ event, topic, ttlMs });
      expect(recordTopic(record)).toBe(topic);
      expect(recordTtlMs(record)).toBe(ttlMs);
    }));
  });

  it("tells empty data from no data", () => {
    const record = (data: string | undefined) => recordEvent(write({ event: anEvent({ data }), topic: "a", ttlMs: 0 }));
    expect(record("").data).toEqual(new Uint8Array(0));
    expect(record(undefined).data).toBeUndefined();
    expect(record(undefined).dataForm).toBeUndefined();
  });

  it("inherits no attribute", () => {
    const { attributes } = recordEvent(write({ event: anEvent(), topic: "a", ttlMs: 0 }));
    expect(attributes.constructor).toBeUndefined();
    expect("tostring" in attributes || "toString" in attributes).toBe(false);
  });

  it("puts records one behind the other", () => {
    const first = { event: anEvent({ data: "one" }), topic: "order.placed", ttlMs: 5 };
    const second = { event: anEvent({ data: "two" }), topic: "order.cancelled", ttlMs: 0 };
    const both = write(first, second);
    const boundary = write(first).length;
    expect(recordTopic(both.subarray(0, boundary))).toBe("order.placed");
    expect(recordTopic(both.subarray(boundary))).toBe("order.cancelled");
  });

  it("refuses a topic that its length field cannot name, and writes nothing", () => {
    const writer = new RecordWriter();
    expect(() => writer.write({ event: anEvent(), topic: "t".repeat(65_536), ttlMs: 0 })).toThrow(RangeError);
    expect(writer.length).toBe(0);
  });
});

describe("recordIdentity()", () => {
  it("finds source and id wherever they stand among the attributes, and whatever the others hold", () => {
    const name = fc.constantFrom("id", "source", "ids", "sourc", "subject");
    const ended = fc.tuple(fc.dictionary(name, text), fc.nat(), topic).map(([attributes, ttlMs, topic]) => ({
      event: { attributes: attributes as CloudEvent["attributes"], data: undefined, dataForm: undefined },
      topic,
      ttlMs,
    }));
    fc.assert(fc.property(ended, (entry) => {
      const record = encodeRecord(entry);
      const { sourceFrom, sourceTo, idFrom, idTo } = recordIdentity(record);
      const read = (from: number, to: number) =>
        new TextDecoder("utf-8", { ignoreBOM: true }).decode(record.subarray(from, to));
      expect(read(sourceFrom, sourceTo)).toBe(entry.event.attributes.source ?? "");
      expect(read(idFrom, idTo)).toBe(entry.event.attributes.id ?? "");
    }));
  });

  it("stays inside a record that says it is longer than it is", () => {
    fc.assert(fc.property(event, fc.nat(), (event, cut) => {
      const record = encodeRecord({ event, topic: "order.placed", ttlMs: 0 });
      const part = record.subarray(0, 8 + cut % (record.length - 7));
      for (const offset of Object.values(recordIdentity(part))) expect(offset).toBeLessThanOrEqual(part.length);
    }));
  });
});

describe("hashRecord()", () => {
  it("is hashId() of the source and the id", () => {
    const seed = { hi: 11, lo: 22 };
    fc.assert(fc.property(text, text, fc.nat(), (source, id, ttlMs) => {
      const record = encodeRecord({ event: anEvent({ source, id }), topic: "order.placed", ttlMs });
      expect(hashRecord(seed, record)).toEqual(hashId(seed, source, id));
    }));
  });
});

describe("isSameRecordId()", () => {
  it("compares source and id and nothing else", () => {
    const record = (source: string, id: string, data = "") =>
      encodeRecord({ event: anEvent({ source, id, data }), topic: "t", ttlMs: 0 });
    const [some, equal] = [record("/a", "bc", "x"), record("/a", "bc", "other")];
    expect(isSameRecordId(some, equal)).toBe(true);
    for (const other of [record("/ab", "c"), record("/a", "bd"), record("/a", "b")]) {
      expect(isSameRecordId(some, other)).toBe(false);
    }
  });
});
