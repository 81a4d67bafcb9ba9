import { describe, expect, it } from "bun:test";

import { Ageing } from "../../../federation/routing/records/ageing.ts";
import type { Slot } from "../../../federation/routing/records/kind_records.ts";
import { FakeWorld } from "../../support/fake_world.ts";

function setUp() {
  const world = new FakeWorld();
  const from = world.now();
  const expired: string[] = [];
  const ageing = new Ageing(world, (slots) => {
    for (const { shard } of slots) expired.push(`${shard} at ${world.now() - from}`);
  });
  const slots = new Map<number, Slot>();
  /** A record lives until then, from the beginning of the test on. */
  const live = (shard: number, untilMs: number): void => {
    const slot = slots.get(shard) ??
      { origin: "alice", kind: 0, shard, current: undefined, installed: undefined, expiresAt: 0 };
    slots.set(shard, slot);
    slot.expiresAt = from + untilMs;
    ageing.watch(slot);
  };
  return { world, expired, ageing, slots, live };
}

describe("Ageing", () => {
  it("ends each record at its time", () => {
    const { world, expired, live } = setUp();
    live(1, 300);
    live(2, 100);
    live(3, 200);
    world.advance(1000);
    expect(expired).toEqual(["2 at 100", "3 at 200", "1 at 300"]);
  });

  it("ends a record that was refreshed once, at its last time", () => {
    const { world, expired, live } = setUp();
    live(1, 100);
    live(1, 500);
    world.advance(1000);
    expect(expired).toEqual(["1 at 500"]);
  });

  it("ends a record sooner whose life was made shorter", () => {
    const { world, expired, live } = setUp();
    live(1, 500);
    live(1, 100);
    world.advance(1000);
    expect(expired).toEqual(["1 at 100"]);
  });

  it("forgets no record, however often the life of another is made shorter", () => {
    const { world, expired, live } = setUp();
    live(2, 7000);
    live(3, 6000);
    for (let untilMs = 5000; untilMs > 4000; untilMs -= 5) live(1, untilMs);
    world.advance(10_000);
    expect(expired).toEqual(["1 at 4005", "3 at 6000", "2 at 7000"]);
  });

  it("ends nothing that is forgotten, and nothing once it is stopped", () => {
    const { world, expired, ageing, slots, live } = setUp();
    live(1, 100);
    live(2, 200);
    ageing.forget(slots.get(1)!);
    world.advance(150);
    expect(expired).toEqual([]);
    ageing.stop();
    world.advance(1000);
    expect([expired, world.pending]).toEqual([[], 0]);
  });
});
