/** The hash index against a Map, with hashes spread evenly and as badly as can be. */

import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { HashIndex } from "../../node/matcher/hash_index.ts";
import { PagePool } from "../../node/matcher/page_pool.ts";

/** Distinct hashes in the order of `spread`, which names the n-th hash. */
function compareWithMap(count: number, spread: (n: number) => number): void {
  const index = new HashIndex(new PagePool());
  const map = new Map<number, number>();
  const check = (n: number) => expect(index.get(spread(n))).toBe(map.get(spread(n)) ?? 0);
  for (let n = 0; n < count; n++) {
    index.set(spread(n), n + 1);
    map.set(spread(n), n + 1);
    check(n >> 1);
    check(n + 1);
    if (n % 3 === 0) {
      const gone = spread(Math.floor(n / 3));
      if (map.delete(gone)) index.delete(gone);
    }
  }
  for (let n = 0; n < count; n++) check(n);
}

describe("HashIndex", () => {
  it("agrees with a Map for evenly spread hashes", () => {
    compareWithMap(20_000, (n) => Math.imul(n, 0x9e3779b1) >>> 1);
  });

  it("agrees with a Map when all hashes want the same few homes", () => {
    // The lowest 12 bits only: until pages are nearly as deep as can be, all hashes have the same home.
    compareWithMap(4000, (n) => Math.imul(n, 0x9e3779b1) >>> 20);
  });

  it("agrees with a Map at both ends of the range of hashes", () => {
    compareWithMap(3000, (n) => n % 2 === 0 ? 0x7fffffff - n : n);
  });

  it("agrees with a Map while hashes come, change and go", () => {
    const hash = fc.oneof(fc.nat(15), fc.integer({ min: 0x7ffffff0, max: 0x7fffffff }), fc.nat(0x7fffffff));
    const step = fc.record({ hash, value: fc.integer({ min: -3, max: 3 }) });
    fc.assert(fc.property(fc.array(step, { maxLength: 300, size: "max" }), (all) => {
      const index = new HashIndex(new PagePool());
      const map = new Map<number, number>();
      for (const { hash, value } of all) {
        if (value !== 0) {
          index.set(hash, value);
          map.set(hash, value);
        } else if (map.delete(hash)) {
          index.delete(hash);
        }
        expect(index.get(hash)).toBe(map.get(hash) ?? 0);
      }
      for (const [hash, value] of map) expect(index.get(hash)).toBe(value);
    }));
  });

  it("gives its pages back clean", () => {
    const pool = new PagePool();
    const hashOf = (n: number) => Math.imul(n, 0x9e3779b1) >>> 1;
    const fill = () => {
      const index = new HashIndex(pool);
      for (let n = 0; n < 5000; n++) expect(index.get(hashOf(n))).toBe(0);
      for (let n = 0; n < 5000; n++) index.set(hashOf(n), n + 1);
      for (let n = 0; n < 5000; n++) index.delete(hashOf(n));
      index.dispose();
      return pool.bytes;
    };
    const bytes = fill();
    expect(fill()).toBe(bytes);
  });
});
