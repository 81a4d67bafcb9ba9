import { describe, expect, it } from "bun:test";

import { Coverage, COVERAGE_PREFIX, Coverages } from "../../federation/custody/coverage.ts";

const EPOCH = 5;

function aCoverage(): Coverage {
  return new Coverage("alice", EPOCH);
}

describe("Coverage.cover()", () => {
  it("has the event, and everything after the one before it", () => {
    const coverage = aCoverage();
    coverage.cover(3, 7);
    expect([3, 4, 6, 7, 8].map((number) => coverage.has(number))).toEqual([false, true, true, true, false]);
  });

  it("keeps what comes in the chain's order as one interval", () => {
    const coverage = aCoverage();
    for (const [previous, sequence] of [[0, 4], [4, 9], [9, 10]]) coverage.cover(previous, sequence);
    expect([...coverage.intervals]).toEqual([[0, 10]]);
  });

  it("leaves a gap open whose events did not come", () => {
    const coverage = aCoverage();
    coverage.cover(0, 2);
    coverage.cover(5, 6);
    expect([...coverage.intervals]).toEqual([[0, 2], [5, 6]]);
  });

  it("covers the event alone when its chain cannot be right", () => {
    const coverage = aCoverage();
    coverage.cover(9, 6);
    expect([...coverage.intervals]).toEqual([[5, 6]]);
  });

  it("remembers why an event was not delivered", () => {
    const coverage = aCoverage();
    coverage.cover(0, 1, { state: "rejected", reason: "DUPLICATE_ID" });
    expect([...coverage.exceptions.values()]).toEqual([{ sequence: 1, state: "rejected", reason: "DUPLICATE_ID" }]);
  });

  it("is another version each time", () => {
    const coverage = aCoverage();
    coverage.cover(0, 1);
    coverage.cover(1, 2);
    expect(coverage.version).toBe(2);
  });
});

describe("Coverage.acknowledge()", () => {
  it("forgets the exceptions that the origin knows", () => {
    const coverage = aCoverage();
    coverage.cover(0, 1, { state: "expired", reason: "EXPIRED" });
    coverage.acknowledge(1, 1);
    expect(coverage.exceptions.size).toBe(0);
  });

  it("keeps exceptions while the origin knows only an older version", () => {
    const coverage = aCoverage();
    coverage.cover(0, 1);
    coverage.cover(1, 2, { state: "expired", reason: "EXPIRED" });
    coverage.acknowledge(1, 1);
    expect([...coverage.exceptions.keys()]).toEqual([2]);
  });

  it("covers everything up to where nothing is open at the origin", () => {
    const coverage = aCoverage();
    coverage.cover(7, 9);
    coverage.acknowledge(1, 7);
    expect([...coverage.intervals]).toEqual([[0, 9]]);
  });

  it("takes no word about a version that is still to come: a disk that was lost had told it", () => {
    const coverage = aCoverage();
    coverage.cover(0, 1, { state: "expired", reason: "EXPIRED" });
    coverage.acknowledge(9, 0);
    expect([coverage.acknowledged, coverage.exceptions.size]).toEqual([0, 1]);
  });

  it("never goes back", () => {
    const coverage = aCoverage();
    for (let i = 1; i <= 3; i++) coverage.cover(i - 1, i);
    coverage.acknowledge(3, 0);
    coverage.acknowledge(2, 0);
    expect(coverage.acknowledged).toBe(3);
  });
});

describe("Coverage.clone()", () => {
  it("is not touched by what happens to the original", () => {
    const coverage = aCoverage();
    coverage.cover(0, 1);
    const copy = coverage.clone();
    coverage.cover(1, 2, { state: "expired", reason: "EXPIRED" });
    expect([copy.has(2), copy.exceptions.size, copy.version]).toEqual([false, 0, 1]);
  });

  it("brings the original back with restore()", () => {
    const coverage = aCoverage();
    coverage.cover(0, 1);
    coverage.acknowledge(1, 0);
    const copy = coverage.clone();
    coverage.cover(1, 2, { state: "expired", reason: "EXPIRED" });
    coverage.acknowledge(2, 2);
    coverage.restore(copy);
    expect([coverage.has(2), coverage.exceptions.size, coverage.version, coverage.acknowledged])
      .toEqual([false, 0, 1, 1]);
  });
});

describe("Coverages", () => {
  it("brings a document back as it was", () => {
    const coverage = aCoverage();
    coverage.cover(0, 4);
    coverage.cover(6, 8, { state: "rejected", reason: "DUPLICATE_ID" });
    coverage.acknowledge(1, 0);
    const { key, value } = coverage.toChange();
    const coverages = new Coverages();
    coverages.load(key, value!);
    const loaded = coverages.find("alice", EPOCH)!;
    expect([...loaded.intervals]).toEqual([[0, 4], [6, 8]]);
    expect([...loaded.exceptions.values()]).toEqual([{ sequence: 8, state: "rejected", reason: "DUPLICATE_ID" }]);
    expect([loaded.version, loaded.acknowledged]).toEqual([2, 1]);
  });

  it("gives each origin and epoch a document of its own", () => {
    expect(aCoverage().toChange().key).toBe(`${COVERAGE_PREFIX}/alice/5`);
  });

  it("keeps the epochs of one origin apart", () => {
    const coverages = new Coverages();
    coverages.of("alice", 1).cover(0, 1);
    expect(coverages.of("alice", 2).has(1)).toBe(false);
  });

  it("answers the same coverage each time", () => {
    const coverages = new Coverages();
    expect(coverages.of("alice", 1)).toBe(coverages.of("alice", 1));
    expect([...coverages]).toHaveLength(1);
  });

  it("find() makes none", () => {
    const coverages = new Coverages();
    expect(coverages.find("alice", 1)).toBeUndefined();
    expect([...coverages]).toHaveLength(0);
  });
});
