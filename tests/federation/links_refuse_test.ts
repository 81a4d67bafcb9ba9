import { describe, expect, it } from "bun:test";

import { encodeMeet, type Meet } from "../../federation/link/codec/mod.ts";
import { decodeAnswer } from "../../federation/link/publish_ack.ts";
import { encodeRefusal } from "../../federation/link/refusal.ts";
import { FakeWorld } from "../support/fake_world.ts";
import { aFrame, writeFrame } from "./frame_support.ts";
import { anIdentity } from "./hello_support.ts";
import { aBroker, LinkedCluster } from "./link_support.ts";
import { linked, Pair } from "./linked_pair.ts";

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
