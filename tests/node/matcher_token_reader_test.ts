/** Token hashes: the same for equal tokens in equal places, for texts of any length. */

import { describe, expect, it } from "bun:test";

import { TokenReader } from "../../node/matcher/token_reader.ts";

function hashesOf(text: string, seed = 1): number[] {
  const reader = new TokenReader(seed);
  reader.read(text);
  return [...reader.hashes.subarray(0, reader.count)];
}

describe("TokenReader.read()", () => {
  it("hashes every token of texts short and long, in ASCII and beyond", () => {
    for (const count of [1, 5, 128, 255, 256, 1000, 5000]) {
      for (const token of ["a", "ö", "注"]) {
        const reader = new TokenReader(1);
        reader.read(Array(count).fill(token).join("."));
        const hashes = [...reader.hashes.subarray(0, count)];
        expect(reader.count).toBe(count);
        expect(new Set(hashes).size).toBe(count);
        expect(reader.sums[count]).toBe(hashes.reduce((sum, hash) => (sum + hash) | 0, 0));
      }
    }
  });

  it("gives equal tokens equal hashes in equal places only", () => {
    const [first, second] = [hashesOf("a.b.a"), hashesOf("c.b.a")];
    expect(first[0] === second[0]).toBe(false);
    expect(first.slice(1)).toEqual(second.slice(1));
    expect(first[0] === first[2]).toBe(false);
  });

  it("gives other hashes under another seed", () => {
    const [one, two] = [hashesOf("order.placed", 1), hashesOf("order.placed", 2)];
    expect(one.some((hash) => two.includes(hash))).toBe(false);
  });

  it("spreads the hashes of similar tokens evenly", () => {
    const buckets = new Int32Array(64);
    for (let i = 0; i < 64_000; i++) buckets[hashesOf(`item${i}`)[0] >>> 26]++;
    // 1,000 expected in each; five standard deviations are 158.
    expect(Math.max(...buckets)).toBeLessThan(1160);
    expect(Math.min(...buckets)).toBeGreaterThan(840);
  });
});
