import { describe, expect, it } from "bun:test";

import { Coverages } from "../../federation/custody/coverage.ts";
import { pickedAnew } from "../../federation/custody/epochs.ts";
import { OriginOrder } from "../../federation/ledger/origin_order.ts";
import { FakeWorld } from "../support/fake_world.ts";

const EPOCH = 2 ** 32;

function setUp(saved: [key: string, value: string][] = []) {
  const world = new FakeWorld();
  const coverages = new Coverages();
  const asked: number[] = [];
  const order = new OriginOrder({
    world,
    self: "bob",
    coverages,
    ask: (_origin, epoch) => asked.push(epoch),
    save: ({ key, value }) => saved.push([key, new TextDecoder().decode(value)]),
  });
  for (const [key, value] of saved) order.load(key, new TextEncoder().encode(value));
  const cover = (previous: number, sequence: number, epoch = EPOCH) => {
    coverages.of("alice", epoch).cover(previous, sequence);
    order.noteCovered("alice");
  };
  const gap = (sequence: number, epoch = EPOCH) => order.gapBefore({ origin: "alice", epoch, sequence });
  const hear = (said: { epoch?: number; low?: number; closed?: boolean; openFrom?: number }) =>
    order.heard("alice", { epoch: EPOCH, version: 1, low: 0, closed: false, ...said });
  return { world, coverages, asked, saved, order, cover, gap, hear };
}

describe("OriginOrder.gapBefore()", () => {
  it("finds none where everything before is covered", () => {
    const { cover, gap, hear } = setUp();
    hear({ openFrom: EPOCH });
    cover(0, 5);
    cover(5, 9);
    expect([gap(5), gap(9)]).toEqual([undefined, undefined]);
  });

  it("names the numbers that are missing", () => {
    const { cover, gap, hear } = setUp();
    hear({ openFrom: EPOCH });
    cover(0, 5);
    cover(7, 9);
    cover(9, 20);
    expect(gap(20)).toEqual({ origin: "alice", epoch: EPOCH, from: 6, to: 7 });
  });

  it("finds none before an event that did not come in custody: it has no place in the chain", () => {
    const { coverages, cover, gap, hear } = setUp();
    expect(gap(7)).toBeUndefined();
    hear({ openFrom: EPOCH });
    cover(0, 5);
    expect(gap(9)).toBeUndefined();
    const staged = coverages.of("alice", EPOCH).clone();
    staged.cover(7, 9);
    coverages.stage([staged]);
    expect([gap(10), gap(9)]).toEqual([undefined, { origin: "alice", epoch: EPOCH, from: 6, to: 8 }]);
    coverages.stage([]);
    expect(gap(9)).toBeUndefined();
  });

  it("finds none for the events of this cluster", () => {
    const { order } = setUp();
    expect(order.gapBefore({ origin: "bob", epoch: EPOCH, sequence: 9 })).toBeUndefined();
  });

  it("takes what the origin says has ended for covered: it may have ended without a word", () => {
    const { cover, gap, hear } = setUp();
    hear({ openFrom: EPOCH });
    cover(7, 9);
    hear({ low: 6, openFrom: EPOCH });
    expect(gap(9)).toEqual({ origin: "alice", epoch: EPOCH, from: 7, to: 7 });
    hear({ low: 7, openFrom: EPOCH });
    expect(gap(9)).toBeUndefined();
  });

  it("waits for the origin's word on its older epochs, of which something may be under way that nobody here knows", () => {
    const { cover, gap, hear } = setUp();
    cover(0, 5);
    expect(gap(5)).toEqual({ origin: "alice", epoch: EPOCH, from: 0, to: 0 });
    hear({ openFrom: 0 }); // it does not know yet
    hear({ openFrom: EPOCH - 1 });
    expect(gap(5)).toBeDefined();
    hear({ openFrom: EPOCH });
    expect(gap(5)).toBeUndefined();
  });

  it("takes an origin that says nothing of older epochs for one that has none: it is of an earlier version", () => {
    const { cover, gap, hear } = setUp();
    cover(0, 5);
    hear({});
    expect(gap(5)).toBeUndefined();
  });

  it("finds none in an epoch that is closed", () => {
    const { coverages, gap, hear } = setUp();
    coverages.close("alice", EPOCH);
    hear({ closed: true, openFrom: EPOCH + 1 });
    expect(gap(5)).toBeUndefined();
  });

  it("finds none before what was picked for anew: it is out of its place whenever it comes", () => {
    const { coverages, cover, gap, hear } = setUp();
    hear({ openFrom: EPOCH });
    cover(0, 5);
    coverages.of("alice", pickedAnew(EPOCH)).cover(8, 9);
    expect(gap(9)).toBeUndefined();
  });

  it("finds none of an origin that was forgotten, until it is heard of again", () => {
    const { order, cover, gap, hear } = setUp();
    cover(7, 9);
    order.forget("alice");
    expect(gap(9)).toBeUndefined();
    hear({ openFrom: EPOCH });
    expect(gap(9)).toMatchObject({ from: 1, to: 7 });
  });

  it("remembers over a restart what the origin said of its older epochs", () => {
    const before = setUp();
    before.hear({ openFrom: EPOCH });
    const after = setUp(before.saved);
    after.cover(0, 5);
    expect(after.gap(5)).toBeUndefined();
  });
});

describe("OriginOrder", () => {
  it("asks the origin while somebody waits, more and more seldom", () => {
    const { world, asked, order, cover, gap } = setUp();
    order.watch(() => void gap(9)); // who waits looks again
    cover(7, 9);
    world.advance(10_000);
    expect(asked.length).toBeGreaterThan(2);
    const soon = asked.length;
    world.advance(120_000);
    expect(asked.length - soon).toBeLessThan(8);
    expect(asked.length - soon).toBeGreaterThan(2);
  });

  it("asks nobody where a gap is over before long, or nobody waits any more", () => {
    const { world, asked, cover, gap, hear } = setUp();
    hear({ openFrom: EPOCH });
    cover(7, 9);
    gap(9);
    cover(0, 7);
    gap(9);
    world.advance(60_000);
    expect(asked).toEqual([]);
  });

  it("tells when coverage grows, when the origin speaks and when it is forgotten, until it is not watched any more", () => {
    const { order, cover, hear } = setUp();
    const told: unknown[] = [];
    const stop = order.watch((origin) => told.push(origin));
    cover(0, 5);
    hear({ low: 5 });
    order.forget("alice");
    stop();
    cover(5, 6);
    expect(told).toEqual(["alice", "alice", "alice"]);
  });
});
