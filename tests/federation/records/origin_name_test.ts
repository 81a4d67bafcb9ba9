import { describe, expect, it } from "bun:test";

import { readOrigin } from "../../../federation/routing/records/origin_name.ts";

const encoder = new TextEncoder();
const LETTERS = [..."abcdefghijklmnopqrstuvwxyz0123456789"];

describe("readOrigin()", () => {
  it("reads each name as it is spelt, whatever names it has read before", () => {
    let wrong = 0;
    for (const a of LETTERS) {
      for (const b of LETTERS) {
        for (const c of LETTERS) {
          const bytes = encoder.encode(a + b + c);
          // Many names share a place in what is remembered; some of these begin alike.
          for (const length of [3, 2, 1]) if (readOrigin(bytes, 0, length) !== (a + b + c).slice(0, length)) wrong++;
        }
      }
    }
    expect(wrong).toBe(0);
  });

  it("answers one and the same text for a name that it has read before", () => {
    const bytes = encoder.encode("xalicex");
    expect([readOrigin(bytes, 1, 5), readOrigin(bytes, 1, 5)]).toEqual(["alice", "alice"]);
  });

  it("reads nothing that is no name, or lies beyond the bytes", () => {
    const bytes = encoder.encode("Alice bob");
    expect([readOrigin(bytes, 0, 5), readOrigin(bytes, 6, 0), readOrigin(bytes, 6, 4)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
