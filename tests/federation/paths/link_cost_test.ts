import { describe, expect, it } from "bun:test";

import { LinkCost } from "../../../federation/routing/paths/mod.ts";

function measured(rttMs: number): LinkCost {
  const cost = new LinkCost();
  cost.note(rttMs, 0);
  return cost;
}

describe("LinkCost", () => {
  it("is the first round trip at once, in whole ms and at least 1", () => {
    expect(new LinkCost().value).toBe(1);
    expect(measured(0.2).value).toBe(1);
    expect(measured(41.6).value).toBe(42);
  });

  it("changes when measures have differed by more than a fifth for more than 5 s", () => {
    const cost = measured(100);
    expect(cost.note(121, 1000)).toBe(false);
    expect(cost.note(130, 6000)).toBe(false);
    expect(cost.value).toBe(100);
    expect(cost.note(130, 6001)).toBe(true);
    expect(cost.value).toBe(130);
  });

  it("does not change for a fifth, or for one millisecond, however long", () => {
    const cost = measured(100);
    for (let now = 0; now <= 20_000; now += 1000) expect(cost.note(120, now)).toBe(false);
    const near = measured(1);
    for (let now = 0; now <= 20_000; now += 1000) expect(near.note(2, now)).toBe(false);
  });

  it("begins to count again after a measure that is as before", () => {
    const cost = measured(100);
    cost.note(200, 1000);
    cost.note(100, 5000);
    expect(cost.note(200, 6500)).toBe(false);
    expect(cost.note(200, 11_501)).toBe(true);
  });

  it("begins to count again when measures are too high and then too low", () => {
    const cost = measured(100);
    for (let now = 0; now <= 30_000; now += 1000) {
      expect(cost.note(now % 2000 === 0 ? 200 : 50, now)).toBe(false);
    }
  });

  it("begins to count again after an interruption", () => {
    const cost = measured(100);
    cost.note(200, 1000);
    cost.interrupt();
    expect(cost.note(200, 9000)).toBe(false);
    expect(cost.note(200, 14_001)).toBe(true);
  });
});
