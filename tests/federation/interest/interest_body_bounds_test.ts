import { describe, expect, it } from "bun:test";

import { INTEREST_BYTES_MAX, INTEREST_ENTRIES_MAX } from "../../../federation/options.ts";
import { parseShard, summarise } from "../../../federation/routing/interest/mod.ts";
import { wantBytes } from "../../../federation/routing/interest/told_want.ts";

const bodyOf = (count: number, padding = ""): Uint8Array => {
  const wants = Array.from({ length: count }, (_, i) => ({ pattern: `a.${i}`, durable: true }));
  return new TextEncoder().encode(JSON.stringify({ wants }) + padding);
};

describe("parseShard()", () => {
  it("takes as many wants as one cluster may tell, and not one more", () => {
    expect("wants" in parseShard(bodyOf(INTEREST_ENTRIES_MAX))).toBe(true);
    expect("problem" in parseShard(bodyOf(INTEREST_ENTRIES_MAX + 1))).toBe(true);
  });

  it("takes as many bytes as one cluster may tell, and not one more", () => {
    const room = INTEREST_BYTES_MAX - bodyOf(1).length;
    expect("wants" in parseShard(bodyOf(1, " ".repeat(room)))).toBe(true);
    expect("problem" in parseShard(bodyOf(1, " ".repeat(room + 1)))).toBe(true);
  });
});

describe("summarise()", () => {
  const wants = Array.from(
    { length: 20 },
    (_, i) => ({ pattern: `order.${String.fromCharCode(97 + i)}`, durable: true }),
  );
  // Beside the wants, what the bodies of 64 shards take.
  const bytesMax = wants.reduce((sum, want) => sum + wantBytes(want), 64 * 16);

  it("tells exactly what is wanted where it just fits", () => {
    expect(summarise(wants, { entriesMax: 20, bytesMax }).wants).toHaveLength(20);
  });

  it("tells less where one entry, or one byte, is too many", () => {
    expect(summarise(wants, { entriesMax: 19, bytesMax }).wants.length).toBeLessThan(20);
    expect(summarise(wants, { entriesMax: 20, bytesMax: bytesMax - 1 }).wants.length).toBeLessThan(20);
  });
});
