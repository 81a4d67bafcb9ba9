import { describe, expect, it } from "bun:test";

import type { Meet } from "../../federation/link/codec/mod.ts";
import type { LinkBus } from "../../federation/link/link_bus.ts";
import { FakeWorld } from "../support/fake_world.ts";
import { MemoryBroker } from "../support/memory_bus.ts";
import { aBroker, LinkedCluster } from "./link_support.ts";
import { linked, Pair } from "./linked_pair.ts";

const COUNTER = 2 ** 32;

/** A bus that can be made deaf to somebody, and tells of its requests. */
function deafened(
  bus: LinkBus,
  deafTo: ReadonlySet<string>,
  onRequest: (options: Parameters<LinkBus["request"]>[2]) => void = () => {},
): LinkBus {
  return {
    name: bus.name,
    dialled: bus.dialled,
    payloadBytesMax: bus.payloadBytesMax,
    bufferedBytes: 0,
    publish: (subject, payload) => bus.publish(subject, payload),
    request: (subject, payload, options, done) => {
      onRequest(options);
      bus.request(subject, payload, options, done);
    },
    subscribe: (pattern, listener) =>
      bus.subscribe(pattern, (message) => {
        if (!deafTo.has(message.subject.split(".")[4])) listener(message);
      }),
    onClosed: (listener) => bus.onClosed(listener),
    close: () => bus.close(),
  };
}

describe("Links", () => {
  it("make a link of a bus that one side has dialled", () => {
    const { alice, bob } = linked();
    expect([alice.history, bob.history]).toEqual([["up bob"], ["up alice"]]);
  });

  it("are quick: two round trips and an answer", () => {
    const pair = new Pair();
    pair.world.advance(20);
    expect([pair.alice.up, pair.bob.up]).toEqual([["bob"], ["alice"]]);
  });

  it("link everybody who meets on a rendezvous", () => {
    const world = new FakeWorld();
    const broker = aBroker(world);
    const clusters = ["alice", "bob", "charlie"].map((name) => new LinkedCluster(world, name));
    for (const { links } of clusters) links.attach(broker.connect("nats://rendezvous"));
    world.advance(500);
    expect(clusters.map(({ up }) => [...up].sort())).toEqual([["bob", "charlie"], ["alice", "charlie"], [
      "alice",
      "bob",
    ]]);
  });

  it("bring events over, and hand their custody over once they are durable there", () => {
    const { alice, bob, world } = linked();
    bob.log.held = true;
    alice.send("bob");
    world.advance(10);
    expect(alice.settled).toEqual([]);
    bob.log.flush();
    world.advance(10);
    expect([bob.delivered, alice.settled, alice.history.at(-1)]).toEqual([[1], ["d1"], "handed to bob: 1"]);
  });

  it("send what waited for a link when it comes up", () => {
    const pair = new Pair();
    pair.alice.send("bob");
    pair.alice.send("bob");
    pair.world.advance(500);
    expect(pair.bob.delivered).toEqual([1, 2]);
  });

  it("name the frame before, as a stream of JetStream wants it", () => {
    const world = new FakeWorld();
    const broker = aBroker(world);
    const [alice, bob] = ["alice", "bob"].map((name) => new LinkedCluster(world, name));
    const expected: unknown[] = [];
    const bus = broker.connect("own endpoint", { dialled: false });
    alice.links.attach(deafened(bus, new Set(), ({ expectedLastSequence }) => expected.push(expectedLastSequence)));
    bob.links.attach(broker.connect("memory://alice"));
    world.advance(500);
    for (let i = 0; i < 3; i++) {
      alice.send("bob");
      world.advance(100);
    }
    expect(expected).toEqual([0, 1, 2]);
  });

  it("bring control messages over", () => {
    const { alice, bob, world } = linked();
    alice.links.send("bob", "db", new Uint8Array(3));
    alice.links.send("bob", "relay", new Uint8Array(4));
    alice.links.send("eve", "relay", new Uint8Array(4));
    world.advance(5);
    expect(bob.control).toEqual(["alice db 3", "alice relay 4"]);
  });

  it("tell what the neighbour says of itself", () => {
    const { alice, bob, world } = linked();
    bob.root = "ffffffffffffffff";
    world.advance(500);
    expect(alice.lastRoot).toBe("bob ffffffffffffffff");
  });

  it("tell the neighbour which frames are durable here", () => {
    const { alice, bob, world } = linked();
    alice.send("bob");
    world.advance(500);
    expect(alice.links.neighbours.get("bob")!.active!.theirs!.received).toMatchObject({
      normal: { sequence: 1, linkEpoch: alice.links.neighbours.get("bob")!.linkEpoch },
    });
    expect(Object.keys(alice.links.neighbours.get("bob")!.active!.theirs!.received)).toEqual(["normal"]);
    expect(bob.places.durable("alice", "normal").sequence).toBe(1);
  });

  it("bring frames without custody over, unanswered, and say how far those of the neighbour came", () => {
    const { world, alice, bob } = linked();
    const open = alice.links.neighbours.get("bob")!.open!;
    expect(open.linkEpoch).toBe(alice.links.neighbours.get("bob")!.linkEpoch);
    open.publish(new Uint8Array(7));
    bob.crossed = { linkEpoch: 3, sequence: 9, chain: "0000000000000000" };
    world.advance(500);
    expect([bob.bestEffort, bob.delivered, bob.history]).toEqual([["alice 7"], [], ["up alice"]]);
    expect(alice.links.neighbours.get("bob")!.active!.theirs!.received["best-effort"]).toEqual(bob.crossed);
    bob.links.stop("done");
    world.advance(2000);
    expect(alice.links.neighbours.get("bob")!.open).toBeUndefined();
  });

  it("know since when a link is up, or down", () => {
    const pair = new Pair();
    const met = pair.world.now();
    while (pair.alice.up.length === 0) pair.world.advance(1);
    const up = pair.world.now();
    const { alice } = pair;
    expect([alice.links.neighbours.get("bob")!.since, up > met]).toEqual([up, true]);
    pair.world.advance(1000);
    pair.broker.cut();
    expect(alice.links.neighbours.get("bob")!.since).toBe(up + 1000);
  });

  it("know where a neighbour can be dialled", () => {
    const { alice } = linked({ bob: { url: "nats://10.0.0.2:7701" } });
    expect(alice.links.urlOf("bob")).toBe("nats://10.0.0.2:7701");
  });
});

describe("Links that break", () => {
  it("go down at once when the bus is closed", () => {
    const { alice, bob, broker } = linked();
    broker.cut("the broker stopped");
    expect(alice.history.at(-1)).toBe("down bob: the broker stopped");
    expect(bob.history.at(-1)).toBe("down alice: the broker stopped");
  });

  it("dispatch anew what was not acknowledged, once, in a later link epoch", () => {
    const pair = linked();
    const { alice, bob, world, broker } = pair;
    bob.log.held = true;
    for (let i = 0; i < 3; i++) alice.send("bob");
    world.advance(10);
    const before = alice.links.neighbours.get("bob")!.linkEpoch;
    broker.cut();
    bob.log.held = false;
    bob.log.flush();
    alice.links.attach(broker.connect("own endpoint", { dialled: false }));
    pair.dial(bob);
    world.advance(500);
    expect(alice.links.neighbours.get("bob")!.linkEpoch).toBeGreaterThan(before);
    expect([...alice.settled].sort()).toEqual(["d1", "d2", "d3"]);
    // What the cut connection had brought is known there by its number.
    expect(bob.log.content.events.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });

  it("say the reason when this side stops", () => {
    const { alice, bob, world } = linked();
    alice.links.stop("the node is stopping");
    expect(alice.history.at(-1)).toBe("down bob: the node is stopping");
    world.advance(2000);
    expect(bob.up).toEqual([]);
  });

  it("move to another bus to the same neighbour, and send again over it what was under way", () => {
    const pair = linked();
    const { alice, bob, world, broker } = pair;
    const second = aBroker(world);
    alice.links.attach(second.connect("own endpoint", { dialled: false }));
    pair.dial(bob, second);
    world.advance(1000);
    expect(alice.links.neighbours.get("bob")!.sessions.size).toBe(2);
    bob.log.held = true;
    alice.send("bob");
    world.advance(10);
    broker.cut();
    bob.log.held = false;
    bob.log.flush();
    world.advance(1000);
    expect([alice.history.filter((entry) => entry.startsWith("down")), alice.up]).toEqual([[], ["bob"]]);
    expect([alice.settled, bob.log.head]).toEqual([["d1"], 1]);
    expect(alice.codes).not.toContain("PEER_ROLLED_BACK");
  });

  it("meet again after a silence that was no end", () => {
    const world = new FakeWorld();
    let lost = false;
    const broker = new MemoryBroker({ schedule: (run) => void world.after(1, () => lost || run()) });
    const [alice, bob] = ["alice", "bob"].map((name) => new LinkedCluster(world, name));
    for (const { links } of [alice, bob]) links.attach(broker.connect("nats://rendezvous"));
    world.advance(500);
    lost = true;
    world.advance(2000);
    expect([alice.up, bob.up]).toEqual([[], []]);
    lost = false;
    world.advance(2000);
    expect([alice.up, bob.up]).toEqual([["bob"], ["alice"]]);
  });
});

describe("Links of several on one bus", () => {
  it("meet a neighbour again that was missed, though others are there", () => {
    const world = new FakeWorld();
    const broker = aBroker(world);
    const [alice, bob, charlie] = ["alice", "bob", "charlie"].map((name) => new LinkedCluster(world, name));
    const deafTo = new Set<string>();
    for (const { links } of [alice, charlie]) links.attach(broker.connect("nats://rendezvous"));
    bob.links.attach(deafened(broker.connect("nats://rendezvous"), deafTo));
    world.advance(500);
    deafTo.add("alice");
    world.advance(60_000);
    expect([alice.up, bob.up]).toEqual([["charlie"], ["charlie"]]);
    deafTo.clear();
    world.advance(16_000);
    expect([[...alice.up].sort(), [...bob.up].sort()]).toEqual([["bob", "charlie"], ["alice", "charlie"]]);
  });
});

describe("Links with a neighbour that starts anew", () => {
  const again = (counter: number): Partial<Meet> => ({ instance: `bob-${counter}`, epoch: counter * COUNTER });

  it("take the newer process at once", () => {
    const pair = linked({ bob: again(1) });
    pair.restartBob(again(2));
    pair.world.advance(500);
    expect(pair.alice.history.filter((entry) => !entry.startsWith("handed"))).toEqual([
      "up bob",
      'down bob: "bob" has started anew',
      "up bob",
    ]);
  });

  it("refuse the older process, and tell it why", () => {
    const pair = linked({ bob: again(2) });
    const older = new LinkedCluster(pair.world, "bob", { meet: again(1) });
    pair.dial(older);
    pair.world.advance(500);
    expect(older.up).toEqual([]);
    expect(older.codes).toContain("QUARANTINED");
    expect(pair.alice.up).toEqual(["bob"]);
    expect(pair.alice.history).toEqual(["up bob"]);
  });

  it("go on with a larger link epoch than the one that the neighbour knows", () => {
    const pair = linked();
    const before = pair.alice.links.neighbours.get("bob")!.linkEpoch;
    pair.bob.places.settle("alice", "normal", { linkEpoch: before + 1000, sequence: 7, chain: { hi: 0, lo: 0 } });
    pair.restartBob({ ...again(99) });
    pair.world.advance(500);
    pair.alice.send("bob");
    pair.world.advance(100);
    expect(pair.alice.links.neighbours.get("bob")!.linkEpoch).toBeGreaterThan(before + 1000);
    expect([pair.bob.delivered, pair.alice.codes]).toEqual([[1], []]);
  });

  it("send again what a neighbour lost that acknowledges before it syncs", () => {
    const pair = linked({ syncsCommits: false });
    pair.alice.send("bob");
    pair.world.advance(100);
    expect([pair.bob.delivered, pair.alice.settled]).toEqual([[1], []]);
    const { places } = new LinkedCluster(pair.world, "bob");
    Object.assign(pair.bob, { places });
    pair.restartBob(again(99));
    pair.world.advance(1000);
    expect([pair.bob.delivered, pair.alice.codes]).toEqual([[1], ["REWOUND"]]);
  });
});
