import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { type GroupCandidate, pickCluster } from "../../../federation/routing/interest/mod.ts";

const KEYS = Array.from({ length: 6000 }, (_, i) => `billing:1/order-${i}`);

const candidates: fc.Arbitrary<GroupCandidate[]> = fc.uniqueArray(
  fc.record({ cluster: fc.stringMatching(/^[a-z]{1,6}$/), distance: fc.nat({ max: 3 }) }),
  { selector: ({ cluster }) => cluster, minLength: 1, maxLength: 8 },
);

function shares(given: readonly GroupCandidate[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const key of KEYS) {
    const cluster = pickCluster(given, key)!;
    counts[cluster] = (counts[cluster] ?? 0) + 1;
  }
  return counts;
}

describe("pickCluster()", () => {
  it("picks nobody among none", () => {
    expect(pickCluster([], "key")).toBeUndefined();
  });

  it("picks one of the nearest, whatever the order of the candidates", () => {
    fc.assert(fc.property(candidates, fc.string(), (given, key) => {
      const picked = pickCluster(given, key);
      const nearest = Math.min(...given.map(({ distance }) => distance));
      expect(given.find(({ cluster }) => cluster === picked)?.distance).toBe(nearest);
      expect(pickCluster([...given].reverse(), key)).toBe(picked);
    }));
  });

  it("changes only the keys of a candidate that is gone", () => {
    fc.assert(fc.property(candidates, fc.string(), fc.nat(), (given, key, at) => {
      const gone = given[at % given.length];
      const picked = pickCluster(given, key);
      fc.pre(picked !== gone.cluster);
      expect(pickCluster(given.filter((candidate) => candidate !== gone), key)).toBe(picked);
    }));
  });

  it("gives equally near candidates equal shares", () => {
    const counts = shares(["alice", "bob", "charlie"].map((cluster) => ({ cluster, distance: 5 })));
    for (const count of Object.values(counts)) {
      expect(count).toBeGreaterThan(1800);
      expect(count).toBeLessThan(2200);
    }
  });

  it("gives shares by weight", () => {
    const { alice } = shares([{ cluster: "alice", distance: 5, weight: 3 }, { cluster: "bob", distance: 5 }]);
    expect(alice).toBeGreaterThan(4300);
    expect(alice).toBeLessThan(4700);
  });

  it("picks the same in every version and on every runtime", () => {
    const given = ["alice", "bob", "charlie"].map((cluster) => ({ cluster, distance: 1 }));
    expect(KEYS.slice(0, 6).map((key) => pickCluster(given, key))).toEqual([
      "bob",
      "charlie",
      "bob",
      "bob",
      "alice",
      "charlie",
    ]);
  });
});
