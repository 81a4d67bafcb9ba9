import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { FirstByHash } from "../../../node/accept/first_by_hash.ts";

describe("FirstByHash", () => {
  it("answers of each arrival the first one of its hash, whatever hashes share a slot", () => {
    const hashes = fc.oneof(fc.nat(20), fc.nat(20).map((n) => (n * 64 + 2 ** 31) >>> 0), fc.nat(2 ** 32 - 1));
    fc.assert(fc.property(fc.array(hashes, { maxLength: 200 }), (all) => {
      const table = new FirstByHash(all.length);
      for (const [index, lo] of all.entries()) {
        expect(table.has(lo)).toBe(all.indexOf(lo) < index);
        expect(table.add(index, lo)).toBe(all.indexOf(lo) < index ? all.indexOf(lo) : -1);
        expect(table.has(lo)).toBe(true);
      }
    }));
  });

  it("has nothing when there are no arrivals", () => {
    expect(new FirstByHash(0).has(0)).toBe(false);
  });
});
