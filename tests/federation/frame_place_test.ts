import { describe, expect, it } from "bun:test";

import { decodeFrame, type Frame } from "../../federation/link/codec/mod.ts";
import { aFrame, writeFrame } from "./frame_support.ts";

function problemOf(overrides: Partial<Frame>): string | undefined {
  const decoded = decodeFrame(writeFrame(aFrame(overrides)).bytes);
  return "problem" in decoded ? decoded.problem : undefined;
}

describe("decodeFrame()", () => {
  const sound: readonly Partial<Frame>[] = [
    { linkEpoch: 0 },
    { linkEpoch: Number.MAX_SAFE_INTEGER },
    { sequence: 1 },
    { sequence: Number.MAX_SAFE_INTEGER },
  ];
  for (const place of sound) {
    it(`takes ${JSON.stringify(place)} for a place`, () => {
      expect(problemOf(place)).toBeUndefined();
    });
  }

  const bad: readonly Partial<Frame>[] = [
    { linkEpoch: -1 },
    { linkEpoch: 0.5 },
    { linkEpoch: NaN },
    { linkEpoch: 2 ** 53 },
    { sequence: 0 },
    { sequence: -1 },
    { sequence: 1.5 },
    { sequence: Infinity },
    { sequence: 2 ** 53 },
  ];
  for (const place of bad) {
    it(`takes ${Object.entries(place)} for no place of a frame`, () => {
      expect(problemOf(place)).toBe("MALFORMED");
    });
  }
});
