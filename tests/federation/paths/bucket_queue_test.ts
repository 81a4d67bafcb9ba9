import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { BucketQueue, EMPTY } from "../../../federation/routing/paths/bucket_queue.ts";

describe("BucketQueue", () => {
  it("takes out the cheapest first, whatever was pushed meanwhile, and can be used again", () => {
    const anyUse = fc.record({
      costMax: fc.constantFrom(1, 31, 32, 100, 65_535),
      steps: fc.array(fc.nat(1000), { minLength: 1, maxLength: 60 }),
    });
    fc.assert(fc.property(anyUse, ({ costMax, steps }) => {
      const queue = new BucketQueue({ costMax, entriesMax: 3 * steps.length + 1 });
      for (let round = 0; round < 2; round++) {
        const costs = [0];
        const waiting = new Set([0]);
        queue.push(0, 0);
        let [left, last] = [steps.length, 0];
        for (let vertex = queue.pop(); vertex !== EMPTY; vertex = queue.pop()) {
          expect(costs[vertex]).toBe(Math.min(...[...waiting].map((each) => costs[each])));
          expect(costs[vertex]).toBeGreaterThanOrEqual(last);
          last = costs[vertex];
          waiting.delete(vertex);
          for (let i = 0; i < 3 && left > 0; i++) {
            // From the same bucket up to a whole lap ahead.
            costs.push(last + Math.floor(steps[--left] * costMax / 1000));
            waiting.add(costs.length - 1);
            queue.push(costs.length - 1, costs[costs.length - 1]);
          }
        }
        expect(waiting.size).toBe(0);
      }
    }));
  });
});
