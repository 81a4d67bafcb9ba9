import { describe, expect, it } from "bun:test";

import type { Want } from "../../federation/mod.ts";
import { encodeShards } from "../../federation/routing/interest/mod.ts";
import { InterestExchange } from "../../federation/routing/interest_exchange.ts";
import type { MeshRecord } from "../../federation/routing/records/mod.ts";
import { anEvent } from "../support/events.ts";
import { FakeWorld } from "../support/fake_world.ts";

const want = (pattern: string, overrides: Partial<Want> = {}): Want => ({ pattern, durable: true, ...overrides });
const inGroup = (name: string, pattern = "order.>"): Want => want(pattern, { group: name, groupKey: `${name}#1` });

class Setup {
  readonly world = new FakeWorld();
  wants: readonly Want[] = [];
  readonly told: { shard: number; bytes: number; lifetimeMs: number }[] = [];
  readonly versions: number[] = [];
  readonly notices: string[] = [];
  distances: Record<string, number | undefined> = {};
  #changed = (): void => {};
  readonly exchange = new InterestExchange({
    world: this.world,
    self: "alice",
    local: {
      node: "alice-1",
      cluster: "alice",
      wants: () => this.wants,
      watchWants: (listener) => this.#changed = listener,
      judge: (arrivals, done) => done(arrivals.map(() => "new")),
      travels: () => true,
      hasMember: () => false,
    },
    holdMs: 5000,
    originate: (shard, body, lifetimeMs) => this.told.push({ shard, bytes: body.length, lifetimeMs }),
    distance: (cluster) => this.distances[cluster],
    onTold: (version) => this.versions.push(version),
    onNotice: ({ code, origin }) => this.notices.push(`${code} ${origin}`),
  });

  want(...wants: readonly Want[]): void {
    this.wants = wants;
    this.#changed();
  }

  /** Another cluster has told its wants, all of them. */
  hear(origin: string, ...wants: readonly Want[]): void {
    for (const [shard, body] of encodeShards(wants)) this.exchange.install(aRecord(origin, shard, body));
  }

  destinations(type: string, attributes: Record<string, string> = {}) {
    const event = anEvent({ type, attributes });
    return this.exchange.destinationsOf(type, () => event).map(({ cluster, ungrouped, groups }) =>
      [cluster, ...ungrouped ? ["ungrouped"] : [], ...groups].join(" ")
    );
  }
}

function aRecord(origin: string, shard: number, body: Uint8Array): MeshRecord {
  return { origin, kind: "interest", shard, epoch: 1, version: 1, lifetimeMs: 1000, body };
}

describe("InterestExchange telling", () => {
  it("tells what is wanted at the start, held for as long as it is told to be", () => {
    const setup = new Setup();
    setup.wants = [want("order.>")];
    setup.exchange.start();
    expect(setup.told).toMatchObject([{ lifetimeMs: 5000 }]);
    expect(setup.exchange.summary.map(({ pattern }) => pattern)).toEqual(["order.>"]);
  });

  it("tells changes of 20 ms together", () => {
    const setup = new Setup();
    setup.exchange.start();
    setup.want(want("a"));
    setup.world.advance(19);
    setup.want(want("a"), want("b"));
    expect(setup.told).toEqual([]);
    setup.world.advance(1);
    expect(setup.exchange.summary.map(({ pattern }) => pattern)).toEqual(["a", "b"]);
    const { length } = setup.told;
    setup.world.advance(1000);
    expect(setup.told).toHaveLength(length);
  });

  it("tells nothing again that has not changed", () => {
    const setup = new Setup();
    setup.wants = [want("a")];
    setup.exchange.start();
    setup.want(want("a"));
    setup.world.advance(20);
    expect(setup.told).toHaveLength(1);
  });

  it("withdraws a shard of which nothing is left", () => {
    const setup = new Setup();
    setup.wants = [want("a")];
    setup.exchange.start();
    setup.want();
    setup.world.advance(20);
    expect(setup.told.map(({ bytes }) => bytes === 0)).toEqual([false, true]);
    setup.want(want("a"));
    setup.world.advance(20);
    expect(setup.told).toHaveLength(3);
  });

  it("says how many groups are known to this cluster only, where they are more than the mesh takes", () => {
    const setup = new Setup();
    setup.exchange.start();
    expect(setup.notices).toEqual([]);
    setup.wants = Array.from({ length: 5000 }, (_, i) => inGroup(`group-${i}`));
    setup.exchange.start();
    expect(setup.notices).toEqual(["GROUPS_NOT_TOLD undefined"]);
  });

  it("answers the version that holds what was still to be told", () => {
    const setup = new Setup();
    setup.exchange.start();
    setup.want(want("a"));
    const version = setup.exchange.flush();
    expect([version, setup.told.length, setup.exchange.version, setup.versions.at(-1)]).toEqual([1, 1, 1, 1]);
    setup.world.advance(20);
    expect(setup.told).toHaveLength(1);
  });
});

describe("InterestExchange.destinationsOf()", () => {
  it("names the clusters that want an event", () => {
    const setup = new Setup();
    expect(setup.exchange.nobodyElsewhere).toBe(true);
    setup.hear("bob", want("order.>"));
    setup.hear("charlie", want("user.>"));
    expect([setup.destinations("order.placed"), setup.destinations("metric.cpu")]).toEqual([["bob ungrouped"], []]);
    expect(setup.exchange.nobodyElsewhere).toBe(false);
  });

  it("explains in the order of clusters, whoever told first", () => {
    const setup = new Setup();
    for (const cluster of ["charlie", "bob", "dora"]) setup.hear(cluster, want("order.>"), want("order.placed"));
    const explained = setup.exchange.remote.explain("order.placed", anEvent());
    expect(explained.map((each) => `${each.cluster} ${each.want.pattern}`)).toEqual([
      "bob order.>",
      "bob order.placed",
      "charlie order.>",
      "charlie order.placed",
      "dora order.>",
      "dora order.placed",
    ]);
  });

  it("asks nothing of an event that somebody takes in any case, whatever was told first", () => {
    const wants = [
      want("order.>", { filter: { types: ["a"] } }),
      want("order.>"),
      want("*.placed", { filter: { source: "x" } }),
    ];
    for (const told of [wants, wants.toReversed(), [wants[1], wants[0], wants[2]]]) {
      const { exchange } = new Setup();
      exchange.remote.set("bob", 0, told);
      const nobodyAsks = (): never => {
        throw new Error("Cannot give the event: nobody has to ask for it");
      };
      expect(exchange.destinationsOf("order.placed", nobodyAsks).map(({ cluster }) => cluster)).toEqual(["bob"]);
    }
  });

  it("explains wants of one pattern in one order, whichever was told first", () => {
    const wants = ["a", "b", "c", "d"].map((type) => want("order.>", { filter: { types: [type] } }));
    const explained = [wants, wants.toReversed()].map((told) => {
      const { exchange } = new Setup();
      exchange.remote.set("bob", 0, told);
      return exchange.remote.explain("order.placed", anEvent()).map((each) => each.want.filter!.types![0]).join("");
    });
    expect(explained).toEqual(["abcd", "abcd"]);
  });

  it("never names this cluster", () => {
    const setup = new Setup();
    setup.hear("alice", want("order.>"));
    expect(setup.destinations("order.placed")).toEqual([]);
  });

  it("gives a group's events to the nearest cluster with a member, and to no other", () => {
    const setup = new Setup();
    for (const cluster of ["bob", "charlie", "dora"]) setup.hear(cluster, inGroup("billing"));
    setup.distances = { bob: 30, charlie: 10, dora: 20 };
    expect(setup.destinations("order.placed")).toEqual(["charlie billing"]);
  });

  it("keeps a group's events here while it has a member here", () => {
    const setup = new Setup();
    setup.wants = [inGroup("billing")];
    setup.exchange.start();
    setup.hear("bob", inGroup("billing"), want("order.>"));
    expect(setup.destinations("order.placed")).toEqual(["bob ungrouped"]);
  });

  it("sends a group's events elsewhere when its last member here is gone", () => {
    const setup = new Setup();
    setup.wants = [inGroup("billing")];
    setup.exchange.start();
    setup.hear("bob", inGroup("billing"));
    setup.want();
    setup.world.advance(20);
    expect(setup.destinations("order.placed")).toEqual(["bob billing"]);
  });

  it("takes a cluster without a way only when no other has a member", () => {
    const setup = new Setup();
    for (const cluster of ["bob", "charlie"]) setup.hear(cluster, inGroup("billing"));
    setup.distances = { bob: undefined, charlie: 900 };
    expect(setup.destinations("order.placed")).toEqual(["charlie billing"]);
    setup.distances = {};
    expect(setup.destinations("order.placed")).toHaveLength(1);
  });

  it("keeps events of one key with one cluster, and spreads keys over clusters that are as near", () => {
    const setup = new Setup();
    for (const cluster of ["bob", "charlie"]) setup.hear(cluster, inGroup("billing"));
    setup.distances = { bob: 10, charlie: 10 };
    const picks = Array.from(
      { length: 40 },
      (_, i) => setup.destinations("order.placed", { partitionkey: `k${i % 20}` })[0],
    );
    expect(picks.slice(0, 20)).toEqual(picks.slice(20));
    expect(new Set(picks)).toEqual(new Set(["bob billing", "charlie billing"]));
  });

  it("picks for each group on its own, and joins what goes to one cluster", () => {
    const setup = new Setup();
    setup.hear("bob", inGroup("billing"), inGroup("audit"), want("order.>"));
    setup.hear("charlie", inGroup("audit"));
    setup.distances = { bob: 20, charlie: 10 };
    expect(setup.destinations("order.placed")).toEqual(["bob ungrouped billing", "charlie audit"]);
    setup.distances = { bob: 10, charlie: 20 };
    expect(setup.destinations("order.placed")).toHaveLength(1);
  });
});

describe("InterestExchange.pickAgain()", () => {
  function withMembers(): Setup {
    const setup = new Setup();
    for (const cluster of ["bob", "charlie", "dora"]) setup.hear(cluster, inGroup("billing"));
    setup.distances = { bob: 10, charlie: 20, dora: 30 };
    return setup;
  }
  const pick = ({ exchange }: Setup, ...avoid: readonly string[]) =>
    exchange.pickAgain("order.placed", anEvent(), "billing", new Set(avoid));

  it("answers the nearest cluster that has a member and is not to be avoided", () => {
    const setup = withMembers();
    expect([pick(setup), pick(setup, "bob"), pick(setup, "bob", "charlie")]).toEqual(["bob", "charlie", "dora"]);
    expect(pick(setup, "bob", "charlie", "dora")).toBeUndefined();
  });

  it("takes no cluster that has members of other groups only", () => {
    const setup = withMembers();
    setup.hear("eve", inGroup("audit"));
    setup.distances = { ...setup.distances, eve: 1 };
    expect(pick(setup)).toBe("bob");
  });

  it("takes no cluster that gets the event anyway", () => {
    const setup = withMembers();
    setup.hear("bob", inGroup("billing"), want("order.>"));
    expect(pick(setup)).toBe("charlie");
  });

  it("takes no cluster to which there is no way", () => {
    const setup = withMembers();
    setup.distances = { charlie: 20 };
    expect(pick(setup)).toBe("charlie");
  });
});

describe("InterestExchange and clusters that cannot be reached", () => {
  const LINGER_MS = 300_000;

  function withBob(): Setup {
    const setup = new Setup();
    setup.hear("bob", want("order.>"), want("user.>", { durable: false }));
    return setup;
  }

  it("keeps durable wants, and live ones for five minutes", () => {
    const setup = withBob();
    setup.exchange.noteUnreachable("bob");
    setup.world.advance(LINGER_MS - 1);
    expect([setup.destinations("order.placed").length, setup.destinations("user.joined").length]).toEqual([1, 1]);
    setup.world.advance(1);
    expect([setup.destinations("order.placed").length, setup.destinations("user.joined").length]).toEqual([1, 0]);
  });

  it("counts the five minutes from the first word", () => {
    const setup = withBob();
    setup.exchange.noteUnreachable("bob");
    setup.world.advance(LINGER_MS / 2);
    setup.exchange.noteUnreachable("bob");
    setup.world.advance(LINGER_MS / 2);
    expect(setup.destinations("user.joined")).toEqual([]);
  });

  it("knows live wants again when there is a way", () => {
    const setup = withBob();
    setup.exchange.noteUnreachable("bob");
    setup.world.advance(LINGER_MS);
    setup.exchange.noteReachable("bob");
    expect(setup.destinations("user.joined")).toHaveLength(1);
    setup.world.advance(LINGER_MS);
    expect(setup.destinations("user.joined")).toHaveLength(1);
  });

  it("forgets no live want of a cluster that was back in time", () => {
    const setup = withBob();
    setup.exchange.noteUnreachable("bob");
    setup.world.advance(1000);
    setup.exchange.noteReachable("bob");
    setup.world.advance(LINGER_MS);
    expect(setup.destinations("user.joined")).toHaveLength(1);
  });

  it("has nothing to drop of a cluster whose wants were purged while it was away", () => {
    const setup = withBob();
    const wants = encodeShards([want("order.>"), want("user.>", { durable: false })]);
    setup.exchange.noteUnreachable("bob");
    for (const [shard, body] of wants) setup.exchange.purge(aRecord("bob", shard, body));
    setup.world.advance(LINGER_MS);
    setup.exchange.noteReachable("bob");
    expect(setup.exchange.nobodyElsewhere).toBe(true);
  });

  it("forgets what has been purged or withdrawn", () => {
    const setup = withBob();
    const [[shard, body]] = encodeShards([want("metric.>")]);
    setup.exchange.install(aRecord("charlie", shard, body));
    setup.exchange.install(aRecord("charlie", shard, new Uint8Array(0)));
    expect(setup.destinations("metric.cpu")).toEqual([]);
    setup.exchange.install(aRecord("charlie", shard, body));
    setup.exchange.purge(aRecord("charlie", shard, body));
    expect(setup.destinations("metric.cpu")).toEqual([]);
  });

  it("says whose interest it cannot read, and keeps what it knew", () => {
    const setup = withBob();
    const [[shard]] = encodeShards([want("order.>")]);
    setup.exchange.install(aRecord("bob", shard, new Uint8Array([1, 2, 3])));
    expect([setup.notices, setup.destinations("order.placed").length]).toEqual([["INTEREST_UNREADABLE bob"], 1]);
  });
});
