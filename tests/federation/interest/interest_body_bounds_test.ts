import { describe, expect, it } from "bun:test";

import { INTEREST_BYTES_MAX, INTEREST_ENTRIES_MAX } from "../../../federation/options.ts";
import { parseShard } from "../../../federation/routing/interest/mod.ts";

const bodyOf = (count: number, padding = ""): Uint8Array => {
  const wants = Array.from({ length: count }, (_, i) => ({ pattern: `a.${i}`, durable: true }));
  return new TextEncoder().encode(JSON.stringify({ wants }) + padding);
};

describe("parseShard()", () => {
  it("takes as many wants as one cluster may tell, and not one more", () => {
    expect("wants" in parseShard(bodyOf(INTEREST_ENTRIES_MAX))).toBe(true);
    expect("problem" in parseShard(bodyOf(INTEREST_ENTRIES_MAX + 1))).toBe(true);
  });

  it("takes as many bytes as one cluster may tell, and not one more", () => {
    const room = INTEREST_BYTES_MAX - bodyOf(1).length;
    expect("wants" in parseShard(bodyOf(1, " ".repeat(room)))).toBe(true);
    expect("problem" in parseShard(bodyOf(1, " ".repeat(room + 1)))).toBe(true);
  });
});
