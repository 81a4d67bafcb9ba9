/** The matcher and its table against the naive oracle, with hashes that collide and hostile shapes. */

import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { Matcher, PatternTable, type PatternTableOptions } from "../../node/matcher/mod.ts";
import { patternMatches } from "../../node/topic.ts";

const token = fc.constantFrom("a", "b", "c", "größe");
const topics = fc.array(token, { minLength: 1, maxLength: 5 }).map((tokens) => tokens.join("."));
const patterns = fc.tuple(
  fc.array(fc.oneof(token, fc.constant("*")), { maxLength: 5 }),
  fc.boolean(),
).map(([tokens, rest]) => [...tokens, ...(rest || tokens.length === 0 ? [">"] : [])].join("."));

type Step =
  | { readonly type: "add" | "remove"; readonly pattern: string; readonly target: string }
  | { readonly type: "match"; readonly topic: string };

const target = fc.constantFrom("alice", "bob", "charlie");
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ type: fc.constantFrom("add" as const, "remove" as const), pattern: patterns, target }),
    fc.record({ type: fc.constant("match" as const), topic: topics }),
  ),
  { maxLength: 120, size: "max" },
);

/** Runs the steps on a matcher and on a plain set of pairs, and compares every answer. */
function compareWithOracle(all: readonly Step[], options: PatternTableOptions): void {
  const matcher = new Matcher<string>(options);
  const pairs = new Map<string, { pattern: string; target: string }>();
  for (const step of all) {
    if (step.type === "match") {
      const fitting = [...pairs.values()].filter((pair) => patternMatches(pair.pattern, step.topic));
      expect(matcher.match(step.topic).sort()).toEqual(fitting.map((pair) => pair.target).sort());
      continue;
    }
    const key = `${step.pattern} ${step.target}`;
    if (step.type === "add") {
      expect(matcher.add(step.pattern, step.target)).toBe(!pairs.has(key));
      pairs.set(key, { pattern: step.pattern, target: step.target });
    } else {
      expect(matcher.remove(step.pattern, step.target)).toBe(pairs.delete(key));
    }
    expect(matcher.size).toBe(pairs.size);
  }
  const left = [...matcher.entries()].flatMap(({ pattern, targets }) => targets.map((name) => `${pattern} ${name}`));
  expect(left.sort()).toEqual([...pairs.keys()].sort());
  for (const { pattern, target } of pairs.values()) matcher.remove(pattern, target);
  expect(matcher.patternCount).toBe(0);
  expect(matcher.match("a")).toEqual([]);
}

describe("Matcher.match()", () => {
  it("agrees with patternMatches while pairs come and go", () => {
    fc.assert(fc.property(steps, fc.integer(), (all, seed) => compareWithOracle(all, { seed })), { numRuns: 200 });
  });

  it("agrees with patternMatches when all hashes are equal", () => {
    fc.assert(fc.property(steps, (all) => compareWithOracle(all, { hashMask: 0 })), { numRuns: 200 });
  });

  it("agrees with patternMatches when hashes have two bits", () => {
    fc.assert(fc.property(steps, (all) => compareWithOracle(all, { hashMask: 3 << 29 })), { numRuns: 200 });
  });

  it("agrees with patternMatches when patterns have more shapes than there is room for", () => {
    fc.assert(
      fc.property(steps, fc.nat(3), (all, starShapesMax) => compareWithOracle(all, { starShapesMax })),
      { numRuns: 200 },
    );
  });

  it("appends to the array given and leaves what is in it", () => {
    const matcher = new Matcher<string>();
    matcher.add("order.*", "bob");
    expect(matcher.match("order.placed", ["alice"])).toEqual(["alice", "bob"]);
  });

  it("names a target once for each of its patterns that fit", () => {
    const matcher = new Matcher<string>();
    matcher.add("order.*", "bob");
    matcher.add("order.>", "bob");
    expect(matcher.match("order.placed")).toEqual(["bob", "bob"]);
  });

  it("takes a target that is itself a set for one target", () => {
    const matcher = new Matcher<Set<string>>();
    const one = new Set(["alice"]);
    const two = new Set(["bob"]);
    matcher.add("order.>", one);
    expect(matcher.match("order.placed")).toEqual([one]);
    matcher.add("order.>", two);
    expect(matcher.match("order.placed")).toEqual([one, two]);
  });

  it("finds patterns by topics longer than any sensible one", () => {
    const matcher = new Matcher<string>();
    const long = Array.from({ length: 3000 }, (_, i) => `größe${i}`).join(".");
    matcher.add("größe0.>", "alice");
    matcher.add(long, "bob");
    matcher.add(long.replace("größe2999", "*"), "charlie");
    expect(matcher.match(long).sort()).toEqual(["alice", "bob", "charlie"]);
    expect(matcher.match("größe0.x")).toEqual(["alice"]);
  });
});

describe("PatternTable.acquire()", () => {
  it("gives a pattern one id until its last user releases it", () => {
    const table = new PatternTable();
    const id = table.acquire("order.>");
    for (let users = 2; users <= 1000; users++) expect(table.acquire("order.>")).toBe(id);
    expect(table.size).toBe(1);
    for (let users = 1000; users > 1; users--) expect(table.release(id)).toBe(false);
    expect(table.match("order.placed")).toEqual([id]);
    expect(table.release(id)).toBe(true);
    expect(table.match("order.placed")).toEqual([]);
    expect(table.find("order.>")).toBeUndefined();
  });

  it("numbers patterns densely and uses freed ids again", () => {
    const table = new PatternTable();
    const ids = ["a", "b.*", "c.>"].map((pattern) => table.acquire(pattern));
    expect(ids).toEqual([0, 1, 2]);
    table.release(1);
    table.release(0);
    expect([table.acquire("d"), table.acquire("e"), table.acquire("f")].sort()).toEqual([0, 1, 3]);
    expect([...table.ids()].map((id) => table.patternOf(id)).sort()).toEqual(["c.>", "d", "e", "f"]);
  });

  it("refuses a pattern that does not fit a record and stays as it was", () => {
    const table = new PatternTable();
    const largest = "a".repeat(65_532);
    expect(() => table.acquire(`${largest}a`)).toThrow("use at most 65532");
    expect(table.size).toBe(0);
    expect(table.match(largest)).toEqual([]);
    expect(table.patternOf(table.acquire(largest))).toBe(largest);
  });
});

describe("PatternTable.release()", () => {
  it("refuses an id that no pattern has", () => {
    const table = new PatternTable();
    const id = table.acquire("order.placed");
    table.release(id);
    for (const stale of [id, 1, -1, 0.5, 4096]) expect(() => table.release(stale)).toThrow("no pattern has this id");
    expect(() => table.patternOf(id)).toThrow("no pattern has this id");
  });
});

describe("PatternTable", () => {
  const count = 30_000;
  const nameOf = (i: number) =>
    `shop${i % 97}.${i % 3 === 0 ? "*" : `order${i % 7}`}.item${i}${i % 5 === 0 ? ".>" : ""}`;
  const topicOf = (i: number) => nameOf(i).replace("*", "any").replace(">", "rest.of.it");

  it("finds each of many patterns while it grows, after half are gone, and after others came", () => {
    const table = new PatternTable({ seed: 7 });
    const ids: number[] = [];
    for (let i = 0; i < count; i++) {
      ids.push(table.acquire(nameOf(i)));
      const back = Math.floor(i / 2);
      expect(table.find(nameOf(back))).toBe(ids[back]);
    }
    for (let i = 0; i < count; i += 2) table.release(ids[i]);
    for (let i = 0; i < count; i++) expect(table.match(topicOf(i)).includes(ids[i])).toBe(i % 2 === 1);
    for (let i = 0; i < count; i += 2) ids[i] = table.acquire(nameOf(i));
    for (let i = 0; i < count; i++) expect(table.match(topicOf(i))).toEqual([ids[i]]);
  });

  it("holds 64 bytes a pattern at most, whatever their number", () => {
    const table = new PatternTable({ seed: 7 });
    for (let i = 0; i < 5 * count; i++) {
      table.acquire(`region${i % 9}.shop${i % 97}.order.item${i}`);
      if (i >= count && i % 1000 === 0) expect(table.bytes / table.size).toBeLessThan(64);
    }
  });

  it("takes no more memory when patterns are replaced by others of their lengths", () => {
    const table = new PatternTable({ seed: 7 });
    const padded = (i: number) => `region.shop.order.item${String(i).padStart(8, "0")}`;
    let ids = Array.from({ length: count }, (_, i) => table.acquire(padded(i)));
    const before = table.bytes;
    for (let round = 1; round <= 5; round++) {
      for (const id of ids) table.release(id);
      ids = Array.from({ length: count }, (_, i) => table.acquire(padded(round * count + i)));
    }
    expect(table.bytes).toBeLessThanOrEqual(before * 1.05);
  });

  it("looks into a bounded number of shapes with * whatever patterns it is given", () => {
    const table = new PatternTable({ starShapesMax: 4 });
    const ids = Array.from({ length: 255 }, (_, mask) => {
      const tokens = Array.from({ length: 8 }, (_, bit) => mask & (1 << bit) ? "t" : "*");
      return table.acquire(tokens.join("."));
    });
    expect(table.match("t.t.t.t.t.t.t.t").sort((a, b) => a - b)).toEqual(ids);
    expect(table.shapeCount).toBeLessThanOrEqual(4 + 8);
  });
});
