import { describe, expect, it } from "bun:test";

import { type Beat, Heartbeat, LOOK_MS } from "../../federation/link/heartbeat.ts";

/** Two sides that exchange hellos; each takes `delayMs` on its way. */
function exchange(rounds: number, delayMs: number, { alice = new Heartbeat(), bob = new Heartbeat(), from = 0 } = {}) {
  let now = from;
  for (let i = 0; i < rounds; i++) {
    bob.hear(alice.next(now), now + delayMs);
    alice.hear(bob.next(now + delayMs), now + 2 * delayMs);
    now += 250;
  }
  return { alice, bob, now: now - 250 + 2 * delayMs };
}

const beat = (number: number, echo = 0, echoDelayMs = 0): Beat => ({ number, echo, echoDelayMs });

describe("Heartbeat.next()", () => {
  it("counts hellos, and echoes nothing before anything was heard", () => {
    const heartbeat = new Heartbeat();
    expect([heartbeat.next(5), heartbeat.next(6)]).toEqual([beat(1), beat(2)]);
  });

  it("echoes the last number heard, and how long ago that was", () => {
    const heartbeat = new Heartbeat();
    heartbeat.hear(beat(7), 1000);
    expect(heartbeat.next(1030)).toEqual(beat(1, 7, 30));
  });

  it("says no longer delay than fits the hello", () => {
    const heartbeat = new Heartbeat();
    heartbeat.hear(beat(7), 0);
    expect(heartbeat.next(1_000_000).echoDelayMs).toBe(65_535);
  });

  it("keeps to the latest hello when an older one comes late", () => {
    const heartbeat = new Heartbeat();
    heartbeat.hear(beat(7), 1000);
    heartbeat.hear(beat(6), 1020);
    expect([heartbeat.next(1030).echo, heartbeat.heardAt]).toEqual([7, 1000]);
  });
});

describe("Heartbeat.hear()", () => {
  it("measures the round trip without the time that the other side waited", () => {
    const heartbeat = new Heartbeat();
    heartbeat.next(1000);
    heartbeat.hear(beat(1, 1, 70), 1100);
    expect(heartbeat.rttMs).toBe(30);
  });

  it("smooths the round trip", () => {
    const heartbeat = new Heartbeat();
    heartbeat.next(1000);
    heartbeat.hear(beat(1, 1), 1080);
    heartbeat.next(2000);
    heartbeat.hear(beat(2, 2), 2160);
    expect(heartbeat.rttMs).toBe(90);
  });

  it("never measures less than nothing", () => {
    const heartbeat = new Heartbeat();
    heartbeat.next(1000);
    heartbeat.hear(beat(1, 1, 500), 1010);
    expect(heartbeat.rttMs).toBe(0);
  });

  it("is proven only by an echo", () => {
    const heartbeat = new Heartbeat();
    heartbeat.next(1000);
    heartbeat.hear(beat(1), 1010);
    expect(heartbeat.proven).toBe(false);
    heartbeat.hear(beat(2, 1), 1020);
    expect(heartbeat.proven).toBe(true);
  });

  it("believes no echo of a hello that was not said", () => {
    const heartbeat = new Heartbeat();
    heartbeat.next(1000);
    heartbeat.hear(beat(1, 2), 1010);
    expect(heartbeat.proven).toBe(false);
  });

  it("takes an echo that it has long forgotten for none", () => {
    const heartbeat = new Heartbeat();
    for (let i = 0; i < 257; i++) heartbeat.next(i * 250);
    heartbeat.hear(beat(1, 1), 64_300);
    expect(heartbeat.proven).toBe(false);
    heartbeat.hear(beat(2, 2), 64_300);
    expect(heartbeat.proven).toBe(true);
  });

  it("takes an echo that comes again for no news", () => {
    const heartbeat = new Heartbeat();
    heartbeat.next(1000);
    heartbeat.hear(beat(1, 1), 1040);
    heartbeat.hear(beat(2, 1), 1900);
    expect(heartbeat.rttMs).toBe(40);
  });
});

describe("Heartbeat.isDead()", () => {
  it("lives while both sides hear each other", () => {
    const { alice, now } = exchange(20, 10);
    expect([alice.isDead(now), alice.isDead(now + 700)]).toEqual([false, false]);
  });

  it("is dead when three hellos are missing", () => {
    const { alice } = exchange(20, 0);
    const last = alice.heardAt;
    expect(alice.deadlineMs).toBe(875);
    expect([alice.isDead(last + 875), alice.isDead(last + 876)]).toEqual([false, true]);
  });

  it("is dead when the other side is heard but does not hear: a loss one way", () => {
    const { alice, now } = exchange(20, 0);
    let number = 20;
    let dead = -1;
    for (let at = now + 250; dead < 0 && at < now + 5000; at += 250) {
      alice.next(at);
      alice.hear(beat(++number, 20), at);
      if (alice.isDead(at)) dead = at - now;
    }
    expect(dead).toBeGreaterThan(750);
    expect(dead).toBeLessThanOrEqual(1250);
  });

  it("is patient on a slow link: with the look that finds it, at most a second, or seven round trips", () => {
    for (const delayMs of [5, 50, 65, 75, 100, 200, 500]) {
      const { alice } = exchange(100, delayMs);
      expect(alice.deadlineMs).toBeGreaterThanOrEqual(875);
      expect(alice.deadlineMs + LOOK_MS).toBeLessThanOrEqual(Math.max(1000, 7 * 2 * delayMs));
      expect(alice.deadlineMs).toBeGreaterThan(3 * alice.intervalMs);
    }
  });

  it("knows silence within nine seconds however long a round trip was, and bears one of eight", () => {
    const { alice } = exchange(100, 5000);
    expect(alice.rttMs).toBeGreaterThan(9000);
    expect([alice.intervalMs, alice.deadlineMs]).toEqual([2500, 8625]);
  });

  it("says hello less often on a slow link", () => {
    expect(exchange(100, 5).alice.intervalMs).toBe(250);
    expect(exchange(100, 200).alice.intervalMs).toBe(800);
  });
});

describe("Heartbeat.forgive()", () => {
  it("blames nobody for the time in which this side did not run", () => {
    const { alice, now } = exchange(20, 0);
    expect(alice.isDead(now + 5000)).toBe(true);
    alice.forgive(4500);
    expect(alice.isDead(now + 5000)).toBe(false);
    expect(alice.isDead(now + 6000)).toBe(true);
  });
});
