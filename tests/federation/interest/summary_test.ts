import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import type { Want } from "../../../federation/local_cluster.ts";
import { encodeShards, summarise, type ToldWant } from "../../../federation/routing/interest/mod.ts";
import { wantIdentity, wantText } from "../../../federation/routing/interest/told_want.ts";
import { patternCovers } from "../../../node/topic.ts";

import { aGroup, aWant, events, isWantedBy, patterns, topics, ungroupedWants, wants } from "./interest_support.ts";

const ROOMY = { entriesMax: 4096, bytesMax: 256 * 1024 };

function told(all: readonly Want[], entriesMax: number, weight?: (prefix: string) => number): readonly ToldWant[] {
  return summarise(all, { ...ROOMY, entriesMax, weight }).wants;
}

function patternsOf(all: readonly Want[]): readonly string[] {
  return all.map(({ pattern }) => pattern).sort();
}

/** `count` wants under a prefix. */
function spread(prefix: string, count: number, more: Partial<Want> = {}): Want[] {
  return Array.from({ length: count }, (_, i) => aWant(`${prefix}.n${i}`, more));
}

describe("summarise()", () => {
  it("wants whatever was wanted", () => {
    const entries = fc.integer({ min: 1, max: 8 });
    fc.assert(
      fc.property(
        fc.array(ungroupedWants, { maxLength: 12 }),
        entries,
        topics,
        events,
        (all, entriesMax, topic, event) => {
          const before = all.some((want) => isWantedBy(want, topic, event));
          const after = told(all, entriesMax).some((want) => isWantedBy(want, topic, event));
          expect(before && !after).toBe(false);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("covers each want by one that is as durable", () => {
    const entries = fc.integer({ min: 1, max: 8 });
    fc.assert(
      fc.property(fc.array(ungroupedWants, { maxLength: 12 }), entries, (all, entriesMax) => {
        const summary = told(all, entriesMax);
        for (const want of all) {
          const covers = summary.some((wide) =>
            patternCovers(wide.pattern, want.pattern) && (wide.durable || !want.durable) &&
            (wide.filter === undefined || wantIdentity(wide) === wantIdentity(want))
          );
          expect(covers).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("keeps to the entries, groups included", () => {
    fc.assert(fc.property(fc.array(wants, { maxLength: 30 }), fc.integer({ min: 1, max: 10 }), (all, entriesMax) => {
      expect(told(all, entriesMax).length).toBeLessThanOrEqual(entriesMax);
    }));
  });

  it("keeps to the bytes of the bodies that are made of it", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 8, max: 20 }), (count, kilobytes) => {
      const all = [...spread("order.eu", count), ...spread("order.us", count), ...spread("audit", 60)];
      const bytesMax = kilobytes * 1024;
      const { wants: summary } = summarise(all, { ...ROOMY, bytesMax });
      const bytes = [...encodeShards(summary).values()].reduce((sum, body) => sum + body.length, 0);
      expect(bytes).toBeLessThanOrEqual(bytesMax);
    }));
  });

  it("is exact when it fits: each want once, durable if one of them is", () => {
    fc.assert(fc.property(fc.array(wants, { maxLength: 40 }), (all) => {
      const summary = told(all, 40);
      expect(summary.map(wantIdentity).sort()).toEqual([...new Set(all.map(wantIdentity))].sort());
      for (const want of summary) {
        const alike = all.filter((other) => wantIdentity(other) === wantIdentity(want));
        expect(want.durable).toBe(alike.some(({ durable }) => durable));
        expect(want.collapsed).toBeUndefined();
      }
    }));
  });

  it("is the same for the same wants in any order", () => {
    const both = fc.array(wants, { maxLength: 30 }).chain((given) =>
      fc.tuple(fc.constant(given), fc.shuffledSubarray(given, { minLength: given.length }))
    );
    fc.assert(fc.property(both, fc.integer({ min: 1, max: 10 }), ([one, other], entriesMax) => {
      expect(told(other, entriesMax).map(wantText).sort()).toEqual(told(one, entriesMax).map(wantText).sort());
    }));
  });

  it("counts every want that a collapsed one stands for", () => {
    const summary = told([...spread("order", 9), aWant("invoice.sent")], 2);
    expect(summary.map(wantText).sort()).toEqual([
      '{"pattern":"invoice.sent","durable":true}',
      '{"pattern":"order.>","durable":true,"collapsed":9}',
    ]);
  });

  it("gives up filters before patterns, of the patterns that have most of them first", () => {
    const filtered = (pattern: string, count: number) =>
      Array.from({ length: count }, (_, i) => aWant(pattern, { filter: { source: `/shop/${i}` } }));
    const summary = told([...filtered("order.paid", 5), ...filtered("order.sent", 2), ...spread("audit", 5)], 8);
    expect(summary.filter(({ collapsed }) => collapsed !== undefined)).toEqual([
      { pattern: "order.paid", durable: true, collapsed: 5 },
    ]);
    expect(summary).toHaveLength(8);
  });

  it("collapses the prefix with the most patterns for what is not wanted under it", () => {
    const all = [...spread("eu.order", 20), ...spread("us.order", 3), aWant("audit.a"), aWant("audit.b")];
    expect(patternsOf(told(all, 6))).toEqual([
      "audit.a",
      "audit.b",
      "eu.order.>",
      "us.order.n0",
      "us.order.n1",
      "us.order.n2",
    ]);
  });

  it("collapses deep prefixes before what they have in common", () => {
    const all = Array.from({ length: 30 }, (_, i) => spread(`tenant.t${i}`, 20)).flat();
    expect(patternsOf(told(all, 40))).toEqual(Array.from({ length: 30 }, (_, i) => `tenant.t${i}.>`).sort());
  });

  it("spares prefixes under which much traffic is not wanted", () => {
    const all = [...spread("busy", 20), ...spread("calm", 20)];
    const traffic = (busy: string) => (prefix: string) => prefix === busy || prefix === "" ? 100_000 : 0;
    expect(patternsOf(told(all, 21, traffic("busy")))).toContain("calm.>");
    expect(patternsOf(told(all, 21, traffic("calm")))).toContain("busy.>");
  });

  it("gives up first what a wider want without filter covers anyway", () => {
    const all = [...spread("order", 30), aWant("audit.>"), ...spread("audit", 3)];
    expect(patternsOf(told(all, 31))).toEqual(patternsOf([...spread("order", 30), aWant("audit.>")]));
  });

  it("does not take a wider want for covering all if it has a filter", () => {
    const all = [...spread("order", 30), aWant("audit.>", { filter: { source: "/a" } }), ...spread("audit", 3)];
    expect(patternsOf(told(all, 31))).toContain("order.>");
  });

  it("goes on with what is weakest as things stand, not as they stood at first", () => {
    const all = [...spread("p.x", 20), aWant("p.z"), ...spread("q.r", 2), ...spread("q.s", 2)];
    expect(patternsOf(told(all, 3))).toEqual(["p.x.>", "p.z", "q.>"]);
  });

  it("counts nothing as saved that a wider prefix has saved before", () => {
    const all = [aWant("p.>"), ...spread("p.x", 3), ...spread("q", 2)];
    expect(patternsOf(told(all, 2))).toEqual(["p.>", "q.>"]);
  });

  it("collapses no more than the bytes ask for", () => {
    const all = [...spread("order.eu", 100), ...spread("order.us", 100)];
    const { wants: summary } = summarise(all, { ...ROOMY, bytesMax: 1024 + 5200 });
    expect(summary).toHaveLength(101);
  });

  it("takes types in another order for the same filter", () => {
    const all = [["a", "b"], ["b", "a"]].map((types) => aWant("order.>", { filter: { types } }));
    expect(told(all, 10)).toHaveLength(1);
  });

  it("tells tokens apart that begin alike", () => {
    const prefixes = Array.from({ length: 100 }, (_, i) => `order.${"n".repeat(100 - i)}`);
    const all = prefixes.flatMap((prefix) => [aWant(`${prefix}.a`), aWant(`${prefix}.b`), aWant(`${prefix}.c`)]);
    expect(patternsOf(told(all, 100))).toEqual(prefixes.map((prefix) => `${prefix}.>`).sort());
  });

  it("collapses patterns that go on from each other", () => {
    const all = ["a", "a.b", "a.b.c", "a.b.c.d"].map((pattern) => aWant(pattern));
    expect([1, 2, 3].map((entriesMax) => patternsOf(told(all, entriesMax)))).toEqual([
      [">"],
      ["a", "a.>"],
      ["a", "a.b", "a.b.>"],
    ]);
  });

  it("tells a pattern and what is under it apart: the rest of a prefix is not the prefix", () => {
    expect(patternsOf(told([aWant("a"), aWant("a.b"), aWant("a.b.c"), aWant("x")], 3))).toEqual(["a", "a.>", "x"]);
  });

  it("ends in > when there is room for one", () => {
    fc.assert(fc.property(fc.uniqueArray(patterns, { minLength: 2, maxLength: 20 }), (all) => {
      const [only, ...others] = told(all.map((pattern) => aWant(pattern)), 1);
      expect(others).toEqual([]);
      expect(only.collapsed).toBe(all.length);
      for (const pattern of all) expect(patternCovers(only.pattern, pattern)).toBe(true);
    }));
  });

  it("never summarises a group", () => {
    const groups = Array.from({ length: 10 }, (_, i) => aGroup(`g${i}`, `order.n${i}`));
    const summary = told([...spread("order", 50), ...groups], 12);
    expect(summary.filter(({ group }) => group !== undefined)).toEqual(groups);
    expect(patternsOf(summary)).toContain("order.>");
  });

  it("answers which groups it had no room for, and keeps the durable ones", () => {
    const groups = Array.from({ length: 6 }, (_, i) => aGroup(`g${i}`, "order.>", { durable: i > 2 }));
    const { wants: summary, leftOut } = summarise([...groups, aWant("audit")], { ...ROOMY, entriesMax: 5 });
    expect(summary.map(({ group }) => group)).toEqual(["g3", "g4", "g5", "g0", undefined]);
    expect(leftOut.map(({ group }) => group)).toEqual(["g1", "g2"]);
  });

  it("changes one shard for most wants that come, even where it has to collapse", () => {
    const all = Array.from({ length: 300 }, (_, i) => spread(`tenant.t${i}`, 20)).flat();
    const bodies = (some: readonly Want[]) => new Map(encodeShards(told(some, 1000)));
    const before = bodies(all);
    const after = bodies([...all, aWant("tenant.t7.new")]);
    const changed = [...after].filter(([shard, body]) => before.get(shard)?.join() !== body.join());
    expect(changed.length).toBeLessThanOrEqual(2);
  });

  it("takes tokens for what they are, whatever their hashes and lengths", () => {
    const all = ["ab.c", "a.bc", "abc", "a", "ab", "a.b.c", "ab.cd.e"].map((pattern) => aWant(pattern));
    for (let entriesMax = 1; entriesMax <= all.length; entriesMax++) {
      const summary = told(all, entriesMax);
      for (const { pattern } of all) {
        expect(summary.some((wide) => patternCovers(wide.pattern, pattern))).toBe(true);
      }
    }
  });
});
