import { describe, expect, it } from "bun:test";

import { Damping } from "../../../federation/routing/paths/mod.ts";

/** Goes down and comes up again `count` times, a second apart; answers the holds in ms. */
function flap(damping: Damping, count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, n) => {
    const now = from + n * 1000;
    damping.noteDown(now);
    damping.noteUp(now + 10);
    return damping.heldUntil(now + 10) - (now + 10);
  });
}

describe("Damping", () => {
  it("does not hold a link that is new or went down up to three times in a minute", () => {
    const damping = new Damping();
    damping.noteUp(0);
    expect(damping.heldUntil(0)).toBe(0);
    expect(flap(damping, 3)).toEqual([0, 0, 0]);
  });

  it("holds from the fourth time on, twice as long each time, up to 30 s", () => {
    expect(flap(new Damping(), 10).slice(3)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  it("counts a minute only", () => {
    const damping = new Damping();
    flap(damping, 3);
    damping.noteDown(60_000);
    damping.noteUp(60_001);
    expect(damping.heldUntil(60_001)).toBe(60_001);
    // Now 1, 2 and 60 s are within the minute; the fourth is.
    damping.noteDown(60_500);
    damping.noteUp(60_501);
    expect(damping.heldUntil(60_501)).toBe(61_501);
  });

  it("begins with a short hold again once the link has been steady", () => {
    const damping = new Damping();
    flap(damping, 6);
    expect(flap(damping, 4, 200_000)).toEqual([0, 0, 0, 1000]);
  });

  it("keeps a hold that still lasts, and answers now once it is over", () => {
    const damping = new Damping();
    flap(damping, 5);
    expect(damping.heldUntil(5000)).toBe(6010);
    expect(damping.heldUntil(7000)).toBe(7000);
  });
});
