import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { SettledAhead } from "../../../node/delivery/settled_ahead.ts";

/** Positions of runs, one by one. */
function listed(ahead: SettledAhead, after = 0): number[] {
  return ahead.after(after).flatMap(([first, count]) => Array.from({ length: count }, (_, i) => first + i));
}

const position = fc.integer({ min: 1, max: 40 });

describe("SettledAhead", () => {
  it("is a set of positions, whatever the order in which they come", () => {
    fc.assert(fc.property(fc.array(position), position, (positions, after) => {
      const ahead = new SettledAhead();
      const model = new Set<number>();
      for (const each of positions) {
        expect(ahead.add(each)).toBe(!model.has(each));
        model.add(each);
      }
      for (let each = 0; each <= 42; each++) expect(ahead.has(each)).toBe(model.has(each));
      expect(listed(ahead, after)).toEqual([...model].filter((each) => each > after).sort((a, b) => a - b));
      for (let each = after + 1; each <= 42; each++) expect(ahead.has(each)).toBe(model.has(each));
    }));
  });

  it("keeps consecutive positions as one run", () => {
    const ahead = new SettledAhead();
    for (const each of [3, 5, 4, 8, 2]) ahead.add(each);
    expect(ahead.after(0)).toEqual([[2, 4], [8, 1]]);
  });

  it("goes on where it was written", () => {
    const ahead = new SettledAhead([[2, 4], [8, 1]]);
    expect([2, 5, 6, 8].map((each) => ahead.has(each))).toEqual([true, true, false, true]);
    expect([ahead.add(6), ahead.add(5)]).toEqual([true, false]);
  });

  it("takes no more runs than it may, and says so", () => {
    const ahead = new SettledAhead(Array.from({ length: 20_000 }, (_, i) => [2 * i + 1, 1] as const));
    expect([ahead.isFull, ahead.add(100_000), ahead.add(2)]).toEqual([true, false, true]);
    expect(ahead.isFull).toBe(false);
  });
});
