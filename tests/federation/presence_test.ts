import { describe, expect, it } from "bun:test";

import { Presence } from "../../federation/inspect/presence.ts";
import { FakeWorld } from "../support/fake_world.ts";

const codes = (news: ReturnType<Presence["update"]>) => news.map(({ code, peer }) => `${code} ${peer}`);

describe("Presence", () => {
  it("tells of each cluster once that it was found, and once that it was lost", () => {
    const presence = new Presence(new FakeWorld(), () => false);
    expect(codes(presence.update(new Set(["bob", "alice"])))).toEqual(["CLUSTER_FOUND alice", "CLUSTER_FOUND bob"]);
    expect(codes(presence.update(new Set(["bob", "alice"])))).toEqual([]);
    expect(codes(presence.update(new Set(["bob"])))).toEqual(["CLUSTER_LOST alice"]);
    expect(codes(presence.update(new Set(["bob"])))).toEqual([]);
    expect(codes(presence.update(new Set(["alice", "bob"])))).toEqual(["CLUSTER_FOUND alice"]);
  });

  it("knows since when it has been so", () => {
    const world = new FakeWorld();
    const presence = new Presence(world, () => false);
    presence.update(new Set(["bob"]));
    const found = world.now();
    world.advance(500);
    expect(presence.sighting("bob")).toEqual({ reachable: true, since: found });
    presence.update(new Set());
    expect(presence.sighting("bob")).toEqual({ reachable: false, since: found + 500 });
    expect(presence.sighting("charlie")).toBeUndefined();
  });

  it("forgets those first that were lost first, and none that can be reached", () => {
    const world = new FakeWorld();
    const presence = new Presence(world, () => false);
    const names = Array.from({ length: 4096 }, (_, i) => `c${i}`);
    for (const name of names) {
      presence.update(new Set(["kept", name]));
      world.advance(1);
    }
    presence.update(new Set(["kept"]));
    expect(presence.sighting("kept")?.reachable).toBe(true);
    expect(presence.sighting("c0")).toBeUndefined();
    expect(presence.sighting("c1")).toBeDefined();
  });
});
