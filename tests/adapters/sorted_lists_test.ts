import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { mergeSorted, sortInSteps } from "../../adapters/door/http/inspect/sorted_lists.ts";

const identity = (text: string): string => text;
const texts = fc.uniqueArray(fc.string({ maxLength: 3 }), { maxLength: 40 });

describe("mergeSorted()", () => {
  it("has what each list has from its index on, in order of key, then of name", () => {
    fc.assert(fc.property(fc.array(fc.tuple(texts, fc.nat(3)), { maxLength: 6 }), (given) => {
      const lists = given.map(([items, from], i) => ({ name: `list-${i}`, items: items.toSorted(), from }));
      const expected = lists.flatMap(({ name, items, from }) => items.slice(from).map((item) => ({ name, item })))
        .sort((a, b) => a.item === b.item ? (a.name < b.name ? -1 : 1) : a.item < b.item ? -1 : 1);
      expect([...mergeSorted(lists, identity)]).toEqual(expected);
    }));
  });
});

describe("sortInSteps()", () => {
  it("sorts, and pauses once for each step at least", () => {
    fc.assert(fc.property(texts, fc.integer({ min: 1, max: 9 }), (items, step) => {
      const sorting = sortInSteps(items, identity, step);
      let pauses = 0;
      let answer = sorting.next();
      for (; answer.done !== true; answer = sorting.next()) pauses++;
      expect(answer.value).toEqual(items.toSorted());
      expect(pauses).toBeGreaterThanOrEqual(Math.ceil(items.length / step));
    }));
  });
});
