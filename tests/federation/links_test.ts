import { describe, expect, it } from "bun:test";

import { encodeMeet, type Meet } from "../../federation/link/codec/mod.ts";
import type { LinkBus } from "../../federation/link/link_bus.ts";
import { decodeAnswer } from "../../federation/link/publish_ack.ts";
import { encodeRefusal } from "../../federation/link/refusal.ts";
import { FakeLog } from "../support/fake_log.ts";
import { FakeWorld } from "../support/fake_world.ts";
import { MemoryBroker } from "../support/memory_bus.ts";
import { aFrame, writeFrame } from "./frame_support.ts";
import { anIdentity } from "./hello_support.ts";
import { aBroker, LinkedCluster } from "./link_support.ts";

const COUNTER = 2 ** 32;

/** Alice with an endpoint of her own, and bob who dials it. */
class Pair {
  readonly world = new FakeWorld();
  readonly broker: MemoryBroker = aBroker(this.world);
  readonly alice: LinkedCluster;
  bob: LinkedCluster;
  readonly endpoint: LinkBus;
  bobsBus: LinkBus;

  constructor(options: { alice?: Partial<Meet>; bob?: Partial<Meet>; syncsCommits?: boolean } = {}) {
    const { syncsCommits } = options;
    this.alice = new LinkedCluster(this.world, "alice", { meet: options.alice });
    this.bob = new LinkedCluster(this.world, "bob", {
      meet: options.bob,
      log: new FakeLog({ cluster: "bob", syncsCommits }),
    });
    this.endpoint = this.broker.connect("own endpoint", { dialled: false });
    this.alice.links.attach(this.endpoint);
    this.bobsBus = this.dial(this.bob);
  }

  dial(cluster: LinkedCluster, broker = this.broker): LinkBus {
    const bus = broker.connect("memory://alice");
    cluster.links.attach(bus);
    return bus;
  }

  /** Bob dies, and comes back with what he knew. */
  restartBob(meet: Partial<Meet>): void {
    this.bobsBus.close();
    this.bob.links.stop("killed");
    this.bob = new LinkedCluster(this.world, "bob", { meet, log: this.bob.log, places: this.bob.places });
    this.bobsBus = this.dial(this.bob);
  }
}

function linked(options: ConstructorParameters<typeof Pair>[0] = {}): Pair {
  const pair = new Pair(options);
  pair.world.advance(500);
  return pair;
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
    expect(bob.places.durable("alice", "normal").sequence).toBe(1);
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
  /** A bus that can be made deaf to somebody. */
  function deafened(bus: LinkBus, deafTo: ReadonlySet<string>): LinkBus {
    return {
      name: bus.name,
      dialled: bus.dialled,
      payloadBytesMax: bus.payloadBytesMax,
      bufferedBytes: 0,
      publish: (subject, payload) => bus.publish(subject, payload),
      request: (subject, payload, options, done) => bus.request(subject, payload, options, done),
      subscribe: (pattern, listener) =>
        bus.subscribe(pattern, (message) => {
          if (!deafTo.has(message.subject.split(".")[4])) listener(message);
        }),
      onClosed: (listener) => bus.onClosed(listener),
      close: () => bus.close(),
    };
  }

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

describe("Links that refuse", () => {
  const refusedWith = (alice: Partial<Meet>, bob: Partial<Meet> = {}) => {
    const pair = linked({ alice, bob });
    const refusals = [pair.alice.links.refusalOn(pair.endpoint)?.code, pair.bob.links.refusalOn(pair.bobsBus)?.code];
    return { ...pair, refusals, up: [pair.alice.up, pair.bob.up] };
  };

  it("tell both sides of another federation", () => {
    const { refusals, up, bob } = refusedWith({ federation: "globex" });
    expect([refusals, up]).toEqual([["FEDERATION_MISMATCH", "FEDERATION_MISMATCH"], [[], []]]);
    expect(bob.codes).toContain("FEDERATION_MISMATCH");
  });

  it("tell both sides of versions that do not fit", () => {
    expect(refusedWith({ versions: [2, 3] }).refusals).toEqual(["VERSION_INCOMPATIBLE", "VERSION_INCOMPATIBLE"]);
  });

  it("tell a node that has dialled itself", () => {
    const world = new FakeWorld();
    const broker = aBroker(world);
    const { links } = new LinkedCluster(world, "alice");
    links.attach(broker.connect("own endpoint", { dialled: false }));
    const bus = broker.connect("memory://alice");
    links.attach(bus);
    world.advance(500);
    expect([links.refusalOn(bus)?.code, links.isLinked(bus)]).toEqual(["SELF", false]);
  });

  it("go down when the neighbour refuses, though they are up, and say why", () => {
    const pair = linked();
    const reason = { code: "DUPLICATE_NODE", detail: "two of one name" };
    const refusal = encodeRefusal({ ...reason, federation: "acme", cluster: "bob", node: "bob-1" });
    pair.bobsBus.publish("weft.v1.acme.refuse.instance-of-alice", refusal);
    pair.world.advance(2);
    expect(pair.alice.history.at(-1)).toBe("down bob: DUPLICATE_NODE: two of one name");
  });

  it("say the same thing once in ten seconds", () => {
    const pair = new Pair({ alice: { federation: "globex" } });
    pair.world.advance(9000);
    const count = pair.alice.codes.length;
    expect(count).toBe(1);
    pair.world.advance(20_000);
    expect(pair.alice.codes.length).toBeGreaterThan(count);
    expect(pair.alice.codes.length).toBeLessThanOrEqual(4);
  });

  it("say what came as a meeting and is none", () => {
    const pair = new Pair();
    pair.bobsBus.publish("weft.v1.acme.meet", new Uint8Array([1]));
    pair.world.advance(5);
    expect(pair.alice.codes).toEqual(["MEET_UNREADABLE"]);
  });
});

describe("Links on a bus of strangers", () => {
  it("take no frames of somebody whom they have not met", () => {
    const pair = new Pair();
    const stranger = pair.broker.connect("stranger");
    let answered = false;
    stranger.request("weft.v1.acme.rx.eve.alice.normal", writeFrame(aFrame()).bytes, {}, () => answered = true);
    pair.world.advance(500);
    expect([answered, pair.alice.log.head]).toEqual([false, 0]);
  });

  it("take no control messages of somebody whom they have not met", () => {
    const pair = new Pair();
    pair.broker.connect("stranger").publish("weft.v1.acme.l.eve.alice.relay", new Uint8Array(3));
    pair.world.advance(500);
    expect(pair.alice.control).toEqual([]);
  });

  it("know only the lanes that there are", () => {
    const pair = linked();
    let answer: Uint8Array | undefined;
    pair.bobsBus.request("weft.v1.acme.rx.bob.alice.fast", new Uint8Array(1), {}, (bytes) => answer = bytes);
    pair.world.advance(5);
    expect(decodeAnswer(answer!)).toMatchObject({ type: "refused", code: "LANE_UNKNOWN" });
  });

  it("say that they are here again and again, less and less often", () => {
    const world = new FakeWorld();
    const broker = aBroker(world);
    let meetings = 0;
    broker.connect("listener").subscribe("weft.v1.*.meet", () => meetings++);
    new LinkedCluster(world, "alice").links.attach(broker.connect("nats://rendezvous"));
    world.advance(3500);
    expect(meetings).toBe(3);
    world.advance(60_000);
    expect(meetings).toBeGreaterThan(5);
    expect(meetings).toBeLessThan(10);
  });

  it("soon say again that they are here, once a neighbour falls silent that had not noticed the end of a session", () => {
    const world = new FakeWorld();
    const broker = aBroker(world);
    new LinkedCluster(world, "bob").links.attach(broker.connect("memory://alice"));
    const alice = broker.connect("own endpoint", { dialled: false });
    for (let ms = 0; ms < 8000; ms += 250) {
      alice.publish("weft.v1.acme.l.alice.bob.hello", new Uint8Array(1));
      world.advance(250);
    }
    let meetings = 0;
    alice.subscribe("weft.v1.*.meet", () => meetings++);
    world.advance(1500);
    expect(meetings).toBe(1);
  });

  it("say nothing on their own endpoint before they are met", () => {
    const world = new FakeWorld();
    const broker = aBroker(world);
    const heard: string[] = [];
    broker.connect("listener").subscribe(">", ({ subject }) => heard.push(subject));
    new LinkedCluster(world, "alice").links.attach(broker.connect("own endpoint", { dialled: false }));
    world.advance(20_000);
    expect(heard).toEqual([]);
  });
});

describe("Links with a neighbour that refuses frames", () => {
  it("begin a new link epoch, but not at once", () => {
    const pair = linked();
    const { alice, bob, world } = pair;
    const before = alice.links.neighbours.get("bob")!.linkEpoch;
    // Bob means other frames by the same numbers.
    bob.places.stage("alice", "normal", { linkEpoch: before, sequence: 0, chain: { hi: 1, lo: 1 } });
    alice.send("bob");
    world.advance(500);
    expect([alice.codes, bob.delivered]).toEqual([["FRAME_REFUSED"], []]);
    world.advance(1000);
    expect([bob.delivered, alice.settled]).toEqual([[1], ["d1"]]);
    expect(alice.links.neighbours.get("bob")!.linkEpoch).toBeGreaterThan(before);
  });
});

describe("Links that meet somebody twice", () => {
  it("say that they are here five times a second at most, however often they are met", () => {
    const world = new FakeWorld();
    const broker = aBroker(world);
    const { links } = new LinkedCluster(world, "alice");
    links.attach(broker.connect("own endpoint", { dialled: false }));
    const stranger = broker.connect("stranger");
    let meetings = 0;
    stranger.subscribe("weft.v1.acme.meet", () => meetings++);
    for (let ms = 0; ms < 1000; ms += 10) {
      stranger.publish("weft.v1.acme.meet", encodeMeet(anIdentity({ cluster: "eve", instance: "instance-of-eve" })));
      world.advance(10);
    }
    expect(meetings).toBeGreaterThanOrEqual(4);
    expect(meetings).toBeLessThanOrEqual(6);
  });

  it("answer a meeting without a storm", () => {
    const pair = linked();
    let meetings = 0;
    pair.broker.connect("listener").subscribe("weft.v1.*.meet", () => meetings++);
    const meet = encodeMeet(anIdentity({ cluster: "bob", node: "bob-1", instance: "instance-of-bob" }));
    for (let i = 0; i < 100; i++) pair.bobsBus.publish("weft.v1.acme.meet", meet);
    pair.world.advance(50);
    expect(meetings).toBeLessThanOrEqual(101);
    expect(pair.alice.up).toEqual(["bob"]);
  });
});
