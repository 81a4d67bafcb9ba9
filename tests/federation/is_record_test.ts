import { describe, expect, it } from "bun:test";

import { isRecord } from "../../federation/link/codec/is_record.ts";
import { aRecord } from "./frame_support.ts";

function holds(record: Uint8Array): boolean {
  return isRecord(new DataView(record.buffer, record.byteOffset), 0, record.length);
}

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
    for (const ttlMs of [NaN, Infinity, -2]) {
      const record = aRecord(1, { ttlMs: 1 });
      new DataView(record.buffer).setFloat64(8, ttlMs, true);
      expect(holds(record)).toBe(false);
    }
  });
});
