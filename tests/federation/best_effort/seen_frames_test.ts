import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { SeenFrames } from "../../../federation/best_effort/seen_frames.ts";

describe("SeenFrames.take()", () => {
  it("takes each frame once, whatever a network repeats and reorders within its window", () => {
    const arrivals = fc.array(fc.integer({ min: 1, max: 1000 }), { maxLength: 400 });
    fc.assert(fc.property(arrivals, (sequences) => {
      const seen = new SeenFrames();
      const taken = sequences.filter((sequence) => seen.take(5, sequence));
      expect(taken).toEqual([...new Set(sequences)]);
      expect(seen.highest).toBe(Math.max(0, ...sequences));
    }));
  });

  it("takes none that more than a thousand have overtaken: it could be a repeat", () => {
    const seen = new SeenFrames();
    expect(seen.take(5, 2000)).toBe(true);
    expect([seen.take(5, 2000 - 1024), seen.take(5, 2000 - 1023)]).toEqual([false, true]);
  });

  it("begins anew with a larger link epoch, and takes nothing of a smaller one", () => {
    const seen = new SeenFrames();
    expect([seen.take(5, 7), seen.take(6, 7), seen.take(6, 7), seen.take(5, 8)]).toEqual([true, true, false, false]);
    expect([seen.linkEpoch, seen.highest]).toEqual([6, 7]);
  });
});
