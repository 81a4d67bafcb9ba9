import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { decodeQueueState, encodeQueueState } from "../../../node/delivery/queue_state.ts";

const positions = fc.uniqueArray(fc.nat(1_000_000)).map((list) => list.sort((a, b) => a - b));
const runs = fc.array(fc.record({ gap: fc.integer({ min: 1, max: 1000 }), count: fc.integer({ min: 1, max: 1000 }) }))
  .map((steps) => {
    let end = 0;
    return steps.map(({ gap, count }): readonly [number, number] => {
      const first = end + gap + 1;
      end = first + count - 1;
      return [first, count];
    });
  });
const tried = fc.record({ position: fc.nat(), attempts: fc.integer({ min: 1, max: 100 }), notBefore: fc.nat() });
const counts = fc.record({
  acknowledged: fc.nat(),
  filtered: fc.nat(),
  expired: fc.nat(),
  deadLettered: fc.nat(),
  evicted: fc.nat(),
});

describe("encodeQueueState()", () => {
  it("is undone by decodeQueueState()", () => {
    fc.assert(
      fc.property(
        fc.record({ scanned: fc.nat(), fresh: positions, tried: fc.array(tried), ahead: runs, counts }),
        (state) => expect(decodeQueueState(encodeQueueState(state))).toEqual(state),
      ),
    );
  });

  it("keeps a thousand open events below six kilobytes", () => {
    const fresh = Array.from({ length: 1000 }, (_, i) => 1_000_000_000 + i * 997);
    const state = { scanned: 2_000_000_000, fresh, tried: [], ahead: [], counts: fc.sample(counts, 1)[0] };
    expect(encodeQueueState(state).length).toBeLessThan(6000);
  });
});

describe("decodeQueueState()", () => {
  it("refuses a version that it does not know", () => {
    expect(() => decodeQueueState(new TextEncoder().encode('{"v":2}'))).toThrow('version "2"');
  });
});
