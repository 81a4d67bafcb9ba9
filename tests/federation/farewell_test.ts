import { describe, expect, it } from "bun:test";

import { encodeLinkState, type LinkState, parseLinkState } from "../../federation/routing/paths/mod.ts";
import { Topology } from "../../federation/routing/topology.ts";
import { Presence } from "../../federation/inspect/presence.ts";
import { listPeers, sayFarewell } from "../../federation/mod.ts";
import { FakeWorld } from "../support/fake_world.ts";
import { MemoryMesh } from "../support/memory_mesh.ts";
import { aBroker } from "./link_support.ts";
import { linked } from "./linked_pair.ts";

describe("Links.sayFarewell()", () => {
  it("takes the link down at the neighbour with the next message, without waiting for silence", () => {
    const { alice, bob, world } = linked();
    bob.links.sayFarewell("it was stopped as planned");
    world.advance(2);
    expect(alice.history.at(-1)).toBe('down bob: "bob" has left: it was stopped as planned');
    expect(alice.links.neighbours.get("bob")!.left).toBe(true);
  });

  it("takes it down once, over however many buses they are linked", () => {
    const pair = linked();
    const { alice, bob, world } = pair;
    const second = aBroker(world);
    alice.links.attach(second.connect("own endpoint", { dialled: false }));
    pair.dial(bob, second);
    world.advance(1000);
    expect(alice.links.neighbours.get("bob")!.sessions.size).toBe(2);
    const before = alice.links.neighbours.get("bob")!.linkEpoch;
    bob.links.sayFarewell("bye");
    world.advance(2);
    expect(alice.history.filter((entry) => entry.startsWith("down"))).toEqual(['down bob: "bob" has left: bye']);
    expect(alice.links.neighbours.get("bob")!.linkEpoch).toBe(before);
  });

  it("gives back at once what the neighbour had under way", () => {
    const { alice, bob, world } = linked();
    bob.links.beginLeaving();
    alice.send("bob");
    world.advance(20);
    expect(alice.custody.queueOf("bob", "normal").events).toBe(0);
    bob.links.sayFarewell("bye");
    world.advance(2);
    expect([alice.custody.queueOf("bob", "normal").events, bob.delivered]).toEqual([1, []]);
  });

  it("is forgotten when the neighbour is back", () => {
    const pair = linked();
    pair.bob.links.sayFarewell("bye");
    pair.world.advance(2);
    pair.restartBob({ instance: "another", epoch: 9 * 2 ** 32 });
    pair.world.advance(500);
    expect([pair.alice.up, pair.alice.links.neighbours.get("bob")!.left]).toEqual([["bob"], false]);
  });
});

describe("Topology of a cluster that leaves", () => {
  function aTopology(): { topology: Topology; said: LinkState[]; world: FakeWorld } {
    const said: LinkState[] = [];
    const world = new FakeWorld();
    const topology = new Topology({
      world,
      self: "alice",
      node: { id: "alice-1", runtime: "bun", version: "1", since: 0 },
      setting: () => ({ cost: 0, tags: [] }),
      originate: (body) => {
        const parsed = parseLinkState(body);
        if ("state" in parsed) said.push(parsed.state);
        topology.install({ origin: "alice", kind: "topology", shard: 0, epoch: 1, version: 1, lifetimeMs: 1000, body });
      },
      onRoutes: () => {},
      onNotice: () => {},
    });
    topology.start();
    topology.linkUp("bob", 3);
    const links = [{ peer: "alice", cost: 3, up: true }];
    const body = encodeLinkState({ links });
    topology.install({ origin: "bob", kind: "topology", shard: 0, epoch: 1, version: 1, lifetimeMs: 1000, body });
    world.advance(10);
    return { topology, said, world };
  }

  it("is a dear way first, then none, and keeps its own ways for its last words", () => {
    const { topology, said, world } = aTopology();
    topology.leave("draining");
    expect(said.at(-1)!.links).toMatchObject([{ peer: "bob", cost: 65_535, up: true }]);
    topology.leave("left");
    expect(said.at(-1)).toMatchObject({ links: [], left: true });
    world.advance(10);
    expect(topology.table.nextHop("bob")).toBe("bob");
  });

  it("stays a dear way when links change meanwhile", () => {
    const { topology, said } = aTopology();
    topology.leave("draining");
    topology.linkUp("charlie", 1);
    expect(said.at(-1)!.links.map(({ cost }) => cost)).toEqual([65_535, 65_535]);
  });

  it("counts no flap when a neighbour went as planned", () => {
    const { topology, said, world } = aTopology();
    for (let i = 0; i < 8; i++) {
      topology.linkDown("bob", { planned: true });
      world.advance(100);
      topology.linkUp("bob", 3);
    }
    expect(said.at(-1)!.links).toMatchObject([{ peer: "bob" }]);
  });
});

describe("Presence", () => {
  it("says that a cluster has left, and not that it was lost, if it said so", () => {
    const presence = new Presence(new FakeWorld(), (cluster) => cluster === "bob");
    presence.update(new Set(["alice", "bob"]));
    expect(presence.update(new Set()).map(({ code, level, peer }) => `${level} ${code} ${peer}`))
      .toEqual(["warn CLUSTER_LOST alice", "info CLUSTER_LEFT bob"]);
  });
});

describe("sayFarewell()", () => {
  it("tells the whole mesh: also who is no neighbour calls the node left, until it is back", async () => {
    await using mesh = await MemoryMesh.open(["alice-bob", "bob-charlie"]);
    const stateOf = (at: string) =>
      listPeers(mesh.get(at).federation).find(({ cluster }) => cluster === "charlie")!.state;
    await mesh.run(new Promise<void>((resolve) => sayFarewell(mesh.get("charlie").federation, resolve)));
    mesh.cut("bob-charlie");
    await mesh.clock.advance(100);
    expect([stateOf("alice"), stateOf("bob")]).toEqual(["left", "left"]);
    expect(mesh.get("alice").notices.map(({ code }) => code)).not.toContain("CLUSTER_LOST");
    expect(mesh.get("bob").notices.find(({ code }) => code === "LINK_DOWN")!.level).toBe("info");
  });

  it("does not wait when there is nobody to tell", async () => {
    await using mesh = await MemoryMesh.open(["alice-bob"]);
    mesh.cut("alice-bob");
    await mesh.clock.advance(100);
    let done = false;
    sayFarewell(mesh.get("alice").federation, () => done = true);
    expect(done).toBe(true);
  });
});
