import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { SmallMap } from "../../federation/small_map.ts";

const anyStep = fc.record({ key: fc.nat(3), value: fc.option(fc.nat(9), { nil: undefined }), erase: fc.boolean() });

describe("SmallMap", () => {
  it("does what a Map does, whatever is set and deleted", () => {
    fc.assert(fc.property(fc.array(anyStep, { maxLength: 20 }), (steps) => {
      const small = new SmallMap<number, number | undefined>();
      const map = new Map<number, number | undefined>();
      for (const { key, value, erase } of steps) {
        if (erase) small.delete(key);
        else small.set(key, value);
        if (erase) map.delete(key);
        else map.set(key, value);
        expect(small.size).toBe(map.size);
        expect([...small.keys()]).toEqual([...map.keys()]);
        expect([...small.values()]).toEqual([...map.values()]);
        for (const each of [0, 1, 2, 3]) {
          expect(small.get(each)).toBe(map.get(each));
          expect(small.has(each)).toBe(map.has(each));
        }
      }
    }));
  });
});
