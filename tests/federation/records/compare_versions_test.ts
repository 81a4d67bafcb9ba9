import { describe, expect, it } from "bun:test";

import { compareSealed, compareVersions, seal } from "../../../federation/routing/records/sealed_record.ts";

const COUNTER = 2 ** 32;

describe("compareVersions()", () => {
  it("orders by the counter of the epoch first", () => {
    expect(compareVersions({ epoch: 2 * COUNTER, version: 1 }, { epoch: COUNTER + 99, version: 9 })).toBeGreaterThan(0);
  });

  it("orders by version where the counters are equal, whatever else the epochs hold: those are dice", () => {
    expect(compareVersions({ epoch: COUNTER + 1, version: 2 }, { epoch: COUNTER + 99, version: 1 })).toBeGreaterThan(0);
    expect(compareVersions({ epoch: COUNTER + 99, version: 1 }, { epoch: COUNTER + 1, version: 2 })).toBeLessThan(0);
  });

  it("takes equal counters and versions for the same", () => {
    expect(compareVersions({ epoch: COUNTER + 1, version: 2 }, { epoch: COUNTER + 99, version: 2 })).toBe(0);
  });
});

describe("seal()", () => {
  const record = { origin: "alice", kind: 0, shard: 0, epoch: COUNTER, version: 1, body: new Uint8Array(1) };

  it("throws beyond the limits, also where a length would fit again by going round", () => {
    for (const origin of ["a".repeat(64), "a".repeat(256 + 63), "Alice", ""]) {
      expect(() => seal({ ...record, origin })).toThrow(RangeError);
    }
    expect(() => seal({ ...record, shard: 256 })).toThrow(RangeError);
    expect(() => seal({ ...record, extension: new Uint8Array(65_536 + 1) })).toThrow(RangeError);
  });

  it("takes the longest name", () => {
    expect(seal({ ...record, origin: "a".repeat(63) }).origin).toHaveLength(63);
  });
});

describe("compareSealed()", () => {
  const aRecord = (epoch: number, body: number[]) =>
    seal({ origin: "alice", kind: 0, shard: 0, epoch, version: 1, body: Uint8Array.from(body) });

  it("lets the larger epoch win, then the larger bytes, where two writers used one version", () => {
    expect(compareSealed(aRecord(COUNTER + 2, [1]), aRecord(COUNTER + 1, [9]))).toBeGreaterThan(0);
    expect(compareSealed(aRecord(COUNTER + 1, [9]), aRecord(COUNTER + 1, [1]))).toBeGreaterThan(0);
    expect(compareSealed(aRecord(COUNTER + 1, [1, 1]), aRecord(COUNTER + 1, [1]))).toBeGreaterThan(0);
    expect(compareSealed(aRecord(COUNTER + 1, [1]), aRecord(COUNTER + 1, [1]))).toBe(0);
  });
});
