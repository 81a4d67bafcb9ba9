import { describe, expect, it } from "bun:test";

import { CrossingWindow } from "../../../federation/best_effort/crossing_window.ts";

const HALF_MB = 512 * 1024;
const MB = 1024 * 1024;

function sent(window: CrossingWindow, sequence: number, bytes: number, at = 0): void {
  window.sent({ sequence, bytes, at });
}

describe("CrossingWindow", () => {
  it("has room for half a megabyte after a silence, and none while that is under way", () => {
    const window = new CrossingWindow();
    expect(window.room(0)).toBe(HALF_MB);
    sent(window, 1, HALF_MB);
    expect([window.room(0), window.underWay]).toEqual([0, HALF_MB]);
  });

  it("lets go of what the neighbour says it has got, up to there", () => {
    const window = new CrossingWindow();
    for (const sequence of [1, 2, 3]) sent(window, sequence, 1000);
    window.heard(2, 0);
    expect(window.underWay).toBe(1000);
  });

  it("gives twice what came within a round, from half a megabyte to 16: more at once, less at its end", () => {
    const window = new CrossingWindow();
    sent(window, 1, MB);
    window.heard(1, 10);
    expect(window.room(0)).toBe(2 * MB);
    sent(window, 2, 2 * MB);
    window.heard(2, 20);
    expect(window.room(0)).toBe(6 * MB);
    sent(window, 3, 100 * MB);
    window.heard(3, 249);
    expect(window.room(0)).toBe(16 * MB);
    sent(window, 4, 10);
    window.heard(4, 250);
    expect(window.room(0)).toBe(16 * MB);
    window.heard(4, 499);
    expect(window.room(0)).toBe(16 * MB);
    window.heard(4, 500);
    expect(window.room(0)).toBe(HALF_MB);
  });

  it("takes what was not answered for five seconds for gone", () => {
    const window = new CrossingWindow();
    sent(window, 1, HALF_MB, 100);
    sent(window, 2, 1000, 200);
    expect([window.room(5099), window.underWay]).toEqual([0, HALF_MB + 1000]);
    expect([window.room(5100), window.underWay]).toEqual([HALF_MB - 1000, 1000]);
    expect([window.room(5200), window.underWay]).toEqual([HALF_MB, 0]);
  });

  it("begins anew with reset()", () => {
    const window = new CrossingWindow();
    sent(window, 1, MB);
    window.heard(1, 0);
    sent(window, 2, MB);
    window.reset();
    expect([window.room(0), window.underWay]).toEqual([HALF_MB, 0]);
  });
});
