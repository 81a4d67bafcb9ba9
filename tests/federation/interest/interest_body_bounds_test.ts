import { describe, expect, it } from "bun:test";

import { INTEREST_BYTES_MAX, INTEREST_ENTRIES_MAX } from "../../../federation/options.ts";
import { parseShard, summarise, travellingFilter } from "../../../federation/routing/interest/mod.ts";
import { wantBytes } from "../../../federation/routing/interest/told_want.ts";
import { COMPARISONS_MAX, TEXT_LENGTH_MAX, TYPES_MAX } from "../../../federation/routing/interest/travelling_filter.ts";

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

describe("parseShard() of one want", () => {
  const isTaken = (want: object): boolean => {
    const wants = [{ pattern: "order.placed", durable: true, ...want }];
    return "wants" in parseShard(new TextEncoder().encode(JSON.stringify({ wants })));
  };
  const comparisons = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`name${i}`, "x"]));
  const types = (count: number): string[] => Array.from({ length: count }, (_, i) => `type-${i}`);

  const bounds: readonly (readonly [what: string, most: number, want: (size: number) => object])[] = [
    ["characters of a group's key", 255, (size) => ({ group: "billing", groupKey: "k".repeat(size) })],
    ["types of a filter", TYPES_MAX, (size) => ({ filter: { types: types(size) } })],
    ["exact comparisons", COMPARISONS_MAX, (size) => ({ filter: { exact: comparisons(size) } })],
    ["comparisons of beginnings", COMPARISONS_MAX, (size) => ({ filter: { prefix: comparisons(size) } })],
    ["characters of a source", TEXT_LENGTH_MAX, (size) => ({ filter: { source: "s".repeat(size) } })],
  ];
  for (const [what, most, want] of bounds) {
    it(`takes ${most} ${what}, and not one more`, () => {
      expect([isTaken(want(most)), isTaken(want(most + 1))]).toEqual([true, false]);
    });
  }
});

describe("travellingFilter()", () => {
  it("lets texts travel that are as long as they may be, and leaves longer ones at home", () => {
    const [longest, longer] = [TEXT_LENGTH_MAX, TEXT_LENGTH_MAX + 1].map((length) => "s".repeat(length));
    expect(travellingFilter({ source: longest, types: [longest] })).toEqual({ source: longest, types: [longest] });
    expect(travellingFilter({ source: longer, types: [longer] })).toBeUndefined();
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

  it("weighs how much is wanted, not how long the beginning is that it shares", () => {
    const patterns = ["a.a.b.c.a", "a.a.b.a", "a.a.b.c.c", "a.c.a.c.a", "a.b.b", "a.b"];
    const long = patterns.map((pattern) => ({ pattern, durable: true }));
    expect(summarise(long, { entriesMax: 4, bytesMax }).wants).toMatchObject([{ pattern: "a.>", collapsed: 6 }]);
  });

  it("tells less where one entry, or one byte, is too many", () => {
    expect(summarise(wants, { entriesMax: 19, bytesMax }).wants.length).toBeLessThan(20);
    expect(summarise(wants, { entriesMax: 20, bytesMax: bytesMax - 1 }).wants.length).toBeLessThan(20);
  });
});
