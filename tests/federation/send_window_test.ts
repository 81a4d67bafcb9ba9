import { describe, expect, it } from "bun:test";

import { SendWindow } from "../../federation/link/send_window.ts";

const MIB = 1024 * 1024;

describe("SendWindow", () => {
  it("begins with a mebibyte", () => {
    expect(new SendWindow().room).toBe(MIB);
  });

  it("has no room, and not less, when too much is under way", () => {
    const window = new SendWindow();
    window.sent(MIB - 1);
    expect(window.room).toBe(1);
    window.sent(2 * MIB);
    expect(window.room).toBe(0);
  });

  it("goes no further than the receiver takes, also after a reset", () => {
    const window = new SendWindow();
    window.limit = 1000;
    window.sent(600);
    expect(window.room).toBe(400);
    window.reset();
    expect(window.room).toBe(1000);
    window.limit = 0;
    expect(window.room).toBe(0);
    window.limit = Infinity;
    expect(window.room).toBe(MIB);
  });

  it("has room again for what was acknowledged, and grows", () => {
    const window = new SendWindow();
    window.sent(MIB);
    window.acknowledged(MIB, 5);
    expect(window.room).toBe(MIB + 256 * 1024);
  });

  it("grows up to 16 MiB", () => {
    const window = new SendWindow();
    for (let i = 0; i < 100; i++) window.acknowledged(0, 5);
    expect(window.room).toBe(16 * MIB);
  });

  it("halves when answers fail to come, down to a quarter of a mebibyte", () => {
    const window = new SendWindow();
    window.timedOut();
    expect(window.room).toBe(MIB / 2);
    for (let i = 0; i < 5; i++) window.timedOut();
    expect(window.room).toBe(MIB / 4);
  });

  it("begins anew with reset()", () => {
    const window = new SendWindow();
    window.sent(1000);
    window.timedOut();
    window.reset();
    expect([window.room, window.retransmitMs(250)]).toEqual([MIB, 250]);
  });

  it("never has more room than its size, whatever is acknowledged twice", () => {
    const window = new SendWindow();
    window.sent(10);
    window.acknowledged(1000, 5);
    expect(window.room).toBe(MIB + 256 * 1024);
  });
});

describe("SendWindow.retransmitMs()", () => {
  it("is no shorter than it is told", () => {
    const window = new SendWindow();
    window.acknowledged(1, 2);
    expect(window.retransmitMs(250)).toBe(250);
  });

  it("follows the time that answers take", () => {
    const window = new SendWindow();
    window.acknowledged(1, 400);
    expect(window.retransmitMs(250)).toBe(2 * (400 + 4 * 200));
    for (let i = 0; i < 100; i++) window.acknowledged(1, 400);
    expect(window.retransmitMs(250)).toBeGreaterThanOrEqual(800);
    expect(window.retransmitMs(250)).toBeLessThan(810);
  });

  it("follows answers that take longer than before, and shorter", () => {
    const window = new SendWindow();
    for (let i = 0; i < 100; i++) window.acknowledged(1, 150);
    for (let i = 0; i < 100; i++) window.acknowledged(1, 600);
    expect(window.retransmitMs(250)).toBeGreaterThan(1190);
    expect(window.retransmitMs(250)).toBeLessThan(1210);
    for (let i = 0; i < 100; i++) window.acknowledged(1, 200);
    expect(window.retransmitMs(250)).toBeLessThan(410);
  });

  it("is longer when the answers take different times", () => {
    const window = new SendWindow();
    for (let i = 0; i < 100; i++) window.acknowledged(1, i % 2 === 0 ? 300 : 500);
    expect(window.retransmitMs(250)).toBeGreaterThan(1400);
  });

  it("doubles with each time-out, at most thirty-two times", () => {
    const window = new SendWindow();
    window.timedOut();
    expect(window.retransmitMs(250)).toBe(500);
    for (let i = 0; i < 10; i++) window.timedOut();
    expect(window.retransmitMs(250)).toBe(8000);
  });

  it("is short again after an answer", () => {
    const window = new SendWindow();
    window.timedOut();
    window.acknowledged(1, 2);
    expect(window.retransmitMs(250)).toBe(250);
  });
});
