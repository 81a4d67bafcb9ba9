import { describe, expect, it } from "bun:test";

import { recordTtlMs, recordWithTtl } from "../../federation/link/codec/mod.ts";
import { isRecord } from "../../federation/link/codec/record_ttl.ts";
import { decodeRecord } from "../../node/event_record.ts";
import { aRecord } from "./frame_support.ts";

function holds(record: Uint8Array): boolean {
  return isRecord(new DataView(record.buffer, record.byteOffset), 0, record.length);
}

describe("recordWithTtl()", () => {
  it("changes the time to live and nothing else, in a copy", () => {
    const record = aRecord(1, { ttlMs: 5000 });
    const younger = recordWithTtl(record, 1200);
    expect(decodeRecord(younger)).toEqual({ ...decodeRecord(record), ttlMs: 1200 });
    expect(recordTtlMs(younger)).toBe(1200);
    expect(recordTtlMs(record)).toBe(5000);
  });

  it("marks what has no time left as over, since 0 would mean for ever", () => {
    for (const ttlMs of [0, -1, -99]) expect(recordTtlMs(recordWithTtl(aRecord(1, { ttlMs: 9 }), ttlMs))).toBe(-1);
  });

  it("refuses a record that never expires", () => {
    expect(recordTtlMs(aRecord(1))).toBe(0);
    expect(() => recordWithTtl(aRecord(1), 5)).toThrow("Cannot give a record 5 ms to live");
  });
});

describe("isRecord()", () => {
  it("accepts what the node writes", () => {
    for (const ttlMs of [0, -1, 1, 5000]) expect(holds(aRecord(1, { ttlMs, data: "" }))).toBe(true);
  });

  it("refuses one that is cut before its text ends", () => {
    for (const ttlMs of [0, 5000]) {
      const record = aRecord(1, { ttlMs, data: "" });
      for (let length = 0; length < record.length; length++) expect(holds(record.subarray(0, length))).toBe(false);
    }
  });

  it("refuses a time to live that is none", () => {
    for (const ttlMs of [NaN, Infinity, 0.5, -2]) {
      const record = aRecord(1, { ttlMs: 1 });
      new DataView(record.buffer).setFloat64(8, ttlMs, true);
      expect(holds(record)).toBe(false);
    }
  });
});
