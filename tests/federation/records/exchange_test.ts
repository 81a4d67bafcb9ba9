/** Databases that are made equal: at the begin of an adjacency, and when their roots differ. */

import { describe, expect, it } from "bun:test";

import { bodyOf, hex, line, RecordNetwork, textOf } from "./record_network.ts";

const HALF_HOUR = 1_800_000;

describe("RecordDatabase.adjacencyUp()", () => {
  it("fetches everything that the peer has, and is synced then", () => {
    const network = new RecordNetwork();
    const alice = network.add("alice");
    const bob = network.add("bob");
    for (let shard = 0; shard < 256; shard++) alice.db.originate("topology", shard, bodyOf(`t${shard}`), HALF_HOUR);
    for (let shard = 0; shard < 64; shard++) alice.db.originate("interest", shard, bodyOf(`i${shard}`), HALF_HOUR);
    network.run(100);
    network.link("alice", "bob");
    expect(bob.db.synced("alice")).toBe(false);
    network.run(1000);
    expect(bob.db.synced("alice")).toBe(true);
    expect(bob.synced).toEqual(["alice"]);
    expect(network.isEqual()).toBe(true);
    expect(hex(bob.db.root)).toBe(hex(alice.db.root));
  });

  it("is synced only when what it fetched is durable", () => {
    const network = new RecordNetwork({ persistMs: 500 });
    const alice = network.add("alice");
    alice.db.originate("interest", 0, bodyOf("order.>"), HALF_HOUR);
    network.run(1000);
    const bob = network.add("bob");
    network.link("alice", "bob");
    network.run(400);
    expect(bob.db.synced("alice")).toBe(false);
    expect(bob.db.get({ origin: "alice", kind: "interest", shard: 0 })).toBeUndefined();
    network.run(500);
    expect(bob.db.synced("alice")).toBe(true);
    expect(textOf(bob.db.get({ origin: "alice", kind: "interest", shard: 0 }))).toBe("order.>");
  });

  it("is synced only when what it knew already is durable, too", () => {
    const network = new RecordNetwork({ persistMs: 500 });
    for (const name of ["alice", "bob", "charlie"]) network.add(name);
    network.link("alice", "charlie");
    network.members.get("alice")!.db.originate("interest", 0, bodyOf("order.>"), HALF_HOUR);
    network.run(1000);
    network.link("alice", "bob");
    network.run(100); // bob is writing it
    network.link("charlie", "bob");
    network.run(100);
    const bob = network.members.get("bob")!;
    expect(bob.db.synced("charlie")).toBe(false);
    network.run(400);
    expect(bob.db.synced("charlie")).toBe(true);
  });

  it("settles records that differ in nothing but their content", () => {
    const network = new RecordNetwork({ hellos: false });
    const bob = network.add("bob", { counter: 1 });
    const charlie = network.add("charlie");
    const record = { origin: "alice", kind: "interest", shard: 0, epoch: 2 ** 32, version: 1, lifetimeMs: HALF_HOUR };
    bob.db.load([{ ...record, kind: "interest", body: bodyOf("one") }]);
    charlie.db.load([{ ...record, kind: "interest", body: bodyOf("two") }]);
    network.link("bob", "charlie");
    network.run(1000);
    expect(textOf(bob.db.get({ origin: "alice", kind: "interest", shard: 0 }))).toBe("two");
    expect(network.isEqual()).toBe(true);
  });

  it("leaves out what is about to end its life", () => {
    const network = new RecordNetwork();
    const alice = network.add("alice");
    const bob = network.add("bob");
    alice.db.originate("topology", 0, bodyOf("links"), 5000);
    network.link("alice", "bob");
    network.run(100);
    network.cut("alice", "bob");
    network.run(3500);
    const charlie = network.add("charlie");
    network.link("bob", "charlie");
    network.run(500);
    expect(bob.db.list("topology")).toHaveLength(1);
    expect(charlie.db.synced("bob")).toBe(true);
    expect(charlie.db.list("topology")).toHaveLength(0);
  });

  it("needs several rounds where the keys are more than one round lists", () => {
    const network = new RecordNetwork({ records: { roundBytes: 500 } });
    const alice = network.add("alice");
    const bob = network.add("bob");
    for (let shard = 0; shard < 256; shard++) alice.db.originate("topology", shard, bodyOf(`t${shard}`), HALF_HOUR);
    network.link("alice", "bob");
    network.run(2000);
    expect(bob.db.synced("alice")).toBe(true);
    expect(network.isEqual()).toBe(true);
  });

  it("begins at once when the peer comes up a little later", () => {
    const network = new RecordNetwork();
    const alice = network.add("alice");
    const bob = network.add("bob");
    bob.db.originate("topology", 0, bodyOf("b"), HALF_HOUR);
    network.connect("alice", "bob");
    alice.db.adjacencyUp("bob");
    network.run(50); // bob has not heard of alice yet, and does not listen
    bob.db.adjacencyUp("alice");
    network.run(50); // far less than the time-out
    expect(alice.db.synced("bob")).toBe(true);
  });

  it("forgets that it was synced when the adjacency goes down", () => {
    const network = line();
    network.run(1000);
    const { db } = network.members.get("alice")!;
    expect(db.synced("bob")).toBe(true);
    db.adjacencyDown("bob");
    expect(db.synced("bob")).toBe(false);
  });

  it("ignores messages of peers that are not adjacent", () => {
    const network = line();
    network.run(1000);
    const { sent } = network.members.get("alice")!;
    const charlie = network.members.get("charlie")!;
    const before = charlie.db.counts;
    for (const { payload } of sent) charlie.db.receive("alice", payload);
    expect(charlie.db.counts).toEqual(before);
  });
});

describe("RecordDatabase.compareRoot()", () => {
  it("fetches what there was no room for, once there is", () => {
    const network = new RecordNetwork({ records: { recordsMax: 2 } });
    const charlie = network.add("charlie");
    const bob = network.add("bob");
    for (const shard of [0, 1]) charlie.db.originate("topology", shard, bodyOf("short"), 5000);
    network.link("bob", "charlie");
    network.run(500);
    network.cut("bob", "charlie");
    const alice = network.add("alice");
    alice.db.originate("topology", 0, bodyOf("links"), HALF_HOUR);
    network.link("alice", "bob");
    network.run(3000);
    expect(bob.db.get({ origin: "alice", kind: "topology", shard: 0 })).toBeUndefined();
    expect(bob.notices.map(({ code }) => code)).toEqual(["DATABASE_FULL"]);
    network.run(30_000);
    expect(textOf(bob.db.get({ origin: "alice", kind: "topology", shard: 0 }))).toBe("links");
  });

  it("does not compare for a difference that flooding settles", () => {
    const network = line();
    network.run(1000);
    const { db } = network.members.get("alice")!;
    const before = network.members.get("bob")!.db.counts.walks;
    for (let n = 0; n < 20; n++) {
      db.originate("topology", 0, bodyOf(`links ${n}`), HALF_HOUR);
      network.run(500);
    }
    expect(network.members.get("bob")!.db.counts.walks).toBe(before);
  });

  it("compares ever more seldom while that brings nothing", () => {
    const network = line({ hellos: false });
    network.run(1000);
    const bob = network.members.get("bob")!.db;
    const other = new Uint8Array(8).fill(1);
    let walks = bob.counts.walks;
    const perMinute: number[] = [];
    for (let minute = 0; minute < 5; minute++) {
      for (let n = 0; n < 240; n++) {
        bob.compareRoot("alice", other);
        network.run(250);
      }
      perMinute.push(bob.counts.walks - walks);
      walks = bob.counts.walks;
    }
    expect(perMinute[0]).toBeGreaterThan(1);
    expect(perMinute[4]).toBeLessThanOrEqual(1);
  });
});
