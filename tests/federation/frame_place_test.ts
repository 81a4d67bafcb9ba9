import { describe, expect, it } from "bun:test";

import { decodeFrame, type Frame, FRAME_LIMITS } from "../../federation/link/codec/mod.ts";
import { aFrame, writeFrame } from "./frame_support.ts";

function problemOf(overrides: Partial<Frame>): string | undefined {
  const decoded = decodeFrame(writeFrame(aFrame(overrides)).bytes);
  return "problem" in decoded ? decoded.problem : undefined;
}

describe("decodeFrame() of sections", () => {
  const written = () => {
    const bytes = writeFrame(aFrame()).bytes.slice();
    return { bytes, view: new DataView(bytes.buffer) };
  };
  const FIXED_BYTES_AT = 20;
  const HEAD_BYTES_AT = 48;
  const INDEX_BYTES_AT = 52;
  const problemIn = (bytes: Uint8Array): string | undefined => {
    const decoded = decodeFrame(bytes);
    return "problem" in decoded ? decoded.problem : undefined;
  };

  it("takes tables and an index as large as it lets in, and not a byte more", () => {
    const { bytes, view } = written();
    const headBytes = view.getUint32(HEAD_BYTES_AT, true);
    expect("frame" in decodeFrame(bytes, { ...FRAME_LIMITS, headBytes })).toBe(true);
    expect(decodeFrame(bytes, { ...FRAME_LIMITS, headBytes: headBytes - 1 })).toMatchObject({ problem: "LIMIT" });
  });

  it("takes no index that is larger than what it is a part of", () => {
    const { bytes, view } = written();
    view.setUint32(INDEX_BYTES_AT, view.getUint32(HEAD_BYTES_AT, true) + 1, true);
    expect(problemIn(bytes)).toBe("NOT_A_FRAME");
  });

  it("takes no tables that begin within the fixed part", () => {
    const { bytes, view } = written();
    view.setUint16(FIXED_BYTES_AT, 67, true);
    expect(problemIn(bytes)).toBe("NOT_A_FRAME");
  });
});

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
