import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { decodeIntervals, encodeIntervals, type Interval, IntervalSet } from "../../federation/intervals/mod.ts";

const WIDTH = 60;

const interval: fc.Arbitrary<Interval> = fc.tuple(fc.nat(WIDTH), fc.nat(WIDTH)).map(([a, b]) => [
  Math.min(a, b),
  Math.max(a, b),
]);
const step = fc.record({ verb: fc.constantFrom("add", "add", "add", "remove", "trim"), interval });
const anySet = fc.array(interval, { maxLength: 12 }).map((intervals) => new IntervalSet(intervals));

function numbers(set: IntervalSet): number[] {
  return [...set].flatMap(([after, to]) => Array.from({ length: to - after }, (_, i) => after + 1 + i));
}

function range([after, to]: Interval): number[] {
  return Array.from({ length: to - after }, (_, i) => after + 1 + i);
}

/** The same with a `Set`; answers how many numbers changed. */
function applyNaive(naive: Set<number>, { verb, interval }: { verb: string; interval: Interval }): number {
  const before = naive.size;
  if (verb === "add") { for (const number of range(interval)) naive.add(number); }
  else if (verb === "remove") { for (const number of range(interval)) naive.delete(number); }
  else for (const number of [...naive]) if (number < interval[1]) naive.delete(number);
  return Math.abs(naive.size - before);
}

function apply(set: IntervalSet, { verb, interval: [after, to] }: { verb: string; interval: Interval }): number {
  return verb === "add" ? set.add(after, to) : verb === "remove" ? set.remove(after, to) : set.trimBelow(to);
}

describe("IntervalSet", () => {
  it("holds what a set of single numbers would, and answers how many changed", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const set = new IntervalSet();
        const naive = new Set<number>();
        for (const each of steps) expect(apply(set, each)).toBe(applyNaive(naive, each));
        expect(numbers(set)).toEqual([...naive].sort((a, b) => a - b));
        expect(set.size).toBe(naive.size);
      }),
      { numRuns: 1000 },
    );
  });

  it("keeps intervals sorted, apart and not empty", () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const set = new IntervalSet();
      for (const each of steps) apply(set, each);
      const intervals = [...set];
      expect(set.count).toBe(intervals.length);
      intervals.forEach(([after, to], i) => expect(after < to && after > (intervals[i - 1]?.[1] ?? -1)).toBe(true));
    }));
  });

  it("answers questions about numbers and intervals as a set of single numbers would", () => {
    fc.assert(
      fc.property(anySet, interval, (set, asked) => {
        const naive = new Set(numbers(set));
        const inside = range(asked).filter((number) => naive.has(number));
        expect(set.has(asked[0])).toBe(naive.has(asked[0]));
        expect(set.covers(...asked)).toBe(inside.length === asked[1] - asked[0]);
        expect(set.intersects(...asked)).toBe(inside.length > 0);
        expect(set.within(...asked).flatMap(range)).toEqual(inside);
        expect(set.countWithin(...asked)).toBe(inside.length);
        expect(set.toArray()).toEqual([...set]);
        let contiguous = asked[0];
        while (naive.has(contiguous + 1)) contiguous++;
        expect(set.contiguousTo(asked[0])).toBe(contiguous);
        expect(set.first).toBe(numbers(set)[0]);
        expect(set.last).toBe(numbers(set).at(-1));
      }),
      { numRuns: 1000 },
    );
  });

  it("merges and subtracts others, which stay as they are", () => {
    fc.assert(fc.property(anySet, anySet, (a, b) => {
      const [left, right] = [new Set(numbers(a)), new Set(numbers(b))];
      const both = a.clone();
      expect(both.merge(b)).toBe([...right].filter((number) => !left.has(number)).length);
      expect(new Set(numbers(both))).toEqual(new Set([...left, ...right].sort((x, y) => x - y)));
      const rest = a.clone();
      expect(rest.subtract(b)).toBe([...left].filter((number) => right.has(number)).length);
      expect(numbers(rest)).toEqual([...left].filter((number) => !right.has(number)));
      expect(new Set(numbers(a))).toEqual(left);
      expect(new Set(numbers(b))).toEqual(right);
    }));
  });

  it("equals what holds the same numbers, however they came", () => {
    fc.assert(fc.property(anySet, interval, (set, [after, to]) => {
      expect(set.equals(new IntervalSet([...set].reverse()))).toBe(true);
      const other = set.clone();
      expect(set.equals(other)).toBe(other.add(after, to) === 0 || !set.covers(after, to));
      expect(set.equals(other)).toBe(set.covers(after, to));
    }));
  });

  it("counts up to the largest number that is exact", () => {
    const set = new IntervalSet();
    expect(set.add(0, Number.MAX_SAFE_INTEGER)).toBe(Number.MAX_SAFE_INTEGER);
    expect(set.remove(4, 2 ** 52)).toBe(2 ** 52 - 4);
    expect([...set]).toEqual([[0, 4], [2 ** 52, Number.MAX_SAFE_INTEGER]]);
  });

  it("keeps a million numbers that come in order in one interval", () => {
    const set = new IntervalSet();
    for (let number = 1; number <= 1_000_000; number++) set.add(number - 1, number);
    expect([...set]).toEqual([[0, 1_000_000]]);
  });

  it("refuses bounds that are out of order or no whole numbers", () => {
    for (const [after, to] of [[2, 1], [-1, 3], [0.5, 2], [0, 2 ** 53], [NaN, 1]]) {
      expect(() => new IntervalSet().add(after, to)).toThrow("as an interval");
      expect(() => new IntervalSet().remove(after, to)).toThrow("as an interval");
    }
  });
});

describe("encodeIntervals(), decodeIntervals()", () => {
  it("give back every set", () => {
    const wide = fc.array(fc.tuple(fc.maxSafeNat(), fc.maxSafeNat())).map((pairs) =>
      new IntervalSet(pairs.map(([a, b]): Interval => [Math.min(a, b), Math.max(a, b)]))
    );
    fc.assert(fc.property(fc.oneof(anySet, wide), (set) => {
      expect([...decodeIntervals(encodeIntervals(set))!]).toEqual([...set]);
    }));
  });

  it("spend some ten bytes on a day of traffic in order", () => {
    expect(encodeIntervals(new IntervalSet([[0, 10_000_000_000]])).length).toBeLessThanOrEqual(10);
  });

  it("refuse more intervals than are let in, before they take memory", () => {
    const set = new IntervalSet([[0, 1], [2, 3], [4, 5]]);
    expect(decodeIntervals(encodeIntervals(set), { countMax: 3 })?.count).toBe(3);
    expect(decodeIntervals(encodeIntervals(set), { countMax: 2 })).toBeUndefined();
  });

  it("refuse bytes that are no set, and never throw", () => {
    for (
      const bytes of [[], [1], [1, 0, 0], [2, 0, 1, 0, 1], [1, 0, 1, 9], [1, 255, 255, 255, 255, 255, 255, 255, 255, 1]]
    ) {
      expect(decodeIntervals(Uint8Array.from(bytes))).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const set = decodeIntervals(bytes);
        if (set !== undefined) expect([...decodeIntervals(encodeIntervals(set))!]).toEqual([...set]);
      }),
      { numRuns: 10_000 },
    );
  });
});
