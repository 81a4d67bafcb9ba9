import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { PublishWindow } from "../../../node/accept/publish_window.ts";

const AGE_MS = 1000;

describe("PublishWindow", () => {
  it("answers as a plain list of the last ids does, whatever collides, leaps or ages", () => {
    const step = fc.record({
      hash: fc.nat(7), // few hashes and few low bits, so that entries collide in every way
      skip: fc.oneof({ weight: 20, arbitrary: fc.constant(0) }, fc.nat(2000)),
      waitMs: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.nat(400)),
    });
    fc.assert(fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const window = new PublishWindow({ idsMax: 1024, ageMs: AGE_MS });
      const oracle: { position: number; hash: number; age: number }[] = [];
      let position = 0;
      let now = 0;
      for (const { hash, skip, waitMs } of steps) {
        now += waitMs;
        position += 1 + skip;
        window.insert(position, hash, hash & 3, now);
        oracle.push({ position, hash, age: now });
        const known = oracle.filter((entry) => entry.hash === hash && entry.position > position - 1024);
        const found = window.candidates(hash, hash & 3, now);
        // Ages are noted every 100 ms, so an id may be known that much longer, never shorter.
        for (const entry of known) if (now - entry.age <= AGE_MS) expect(found).toContain(entry.position);
        for (const at of found) expect(known.some((entry) => entry.position === at)).toBe(true);
        for (const at of found) {
          expect(now - known.find((entry) => entry.position === at)!.age).toBeLessThanOrEqual(AGE_MS + 100);
        }
      }
    }));
  });

  it("forgets the oldest id when it is full", () => {
    const window = new PublishWindow({ idsMax: 1024, ageMs: AGE_MS });
    for (let position = 1; position <= 1025; position++) window.insert(position, position, position, 0);
    expect(window.candidates(1, 1, 0)).toEqual([]);
    expect(window.candidates(2, 2, 0)).toEqual([2]);
    expect(window.size).toBe(1024);
  });

  it("says how far back it really reaches", () => {
    const window = new PublishWindow({ idsMax: 1024, ageMs: 10_000 });
    expect(window.coveredMs(5)).toBe(0);
    window.insert(1, 1, 1, 100);
    window.insert(2, 2, 2, 900);
    expect(window.coveredMs(1000)).toBe(900);
  });
});
