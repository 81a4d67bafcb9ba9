/** Records between databases: flooding, exchange at the begin of an adjacency, loss, comparison by root. */

import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { bodyOf, hex, RecordNetwork, textOf } from "./record_network.ts";

const MINUTE = 60_000;
const HALF_HOUR = 30 * MINUTE;

/** alice - bob - charlie. */
function line(options = {}): RecordNetwork {
  const network = new RecordNetwork(options);
  for (const name of ["alice", "bob", "charlie"]) network.add(name);
  network.link("alice", "bob");
  network.link("bob", "charlie");
  return network;
}

/** A ring with chords: every member has two or three neighbours. */
function mesh(size: number, options = {}): RecordNetwork {
  const network = new RecordNetwork(options);
  const names = Array.from({ length: size }, (_, n) => `c${n}`);
  for (const name of names) network.add(name);
  for (let n = 0; n < size; n++) network.link(names[n], names[(n + 1) % size]);
  for (let n = 0; n + size / 2 < size; n += 3) network.link(names[n], names[n + (size >> 1)]);
  return network;
}

describe("RecordDatabase floods", () => {
  it("carries a record over a cluster in between, and tells of it once", () => {
    const network = line();
    network.run(1000);
    network.members.get("alice")!.db.originate("topology", 0, bodyOf("links"), HALF_HOUR);
    network.run(1000);
    const charlie = network.members.get("charlie")!;
    expect(charlie.installed.map(textOf)).toEqual(["links"]);
    expect(textOf(charlie.db.get({ origin: "alice", kind: "topology", shard: 0 }))).toBe("links");
  });

  it("sends nothing more once everything is acknowledged", () => {
    const network = line();
    network.members.get("alice")!.db.originate("topology", 0, bodyOf("links"), HALF_HOUR);
    network.run(2000);
    const sent = [...network.members.values()].map(({ sent }) => sent.length);
    network.run(MINUTE);
    expect([...network.members.values()].map(({ sent }) => sent.length)).toEqual(sent);
  });

  it("does not send a record back to where it came from", () => {
    const network = line();
    network.run(1000);
    const before = network.members.get("bob")!.sent.length;
    network.members.get("alice")!.db.originate("topology", 0, bodyOf("x".repeat(500)), HALF_HOUR);
    network.run(1000);
    const sent = network.members.get("bob")!.sent.slice(before);
    expect(sent.filter(({ payload }) => payload.length > 500).map(({ to }) => to)).toEqual(["charlie"]);
  });

  it("sends a burst together, in messages of about 32 KiB", () => {
    const network = line();
    network.run(1000);
    const alice = network.members.get("alice")!;
    const before = alice.sent.length;
    for (let shard = 0; shard < 100; shard++) {
      alice.db.originate("topology", shard, bodyOf("x".repeat(1000)), HALF_HOUR);
    }
    network.run(1);
    const sizes = alice.sent.slice(before).map(({ payload }) => payload.length);
    expect(sizes).toHaveLength(4);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(32 * 1024);
  });

  it("keeps what is not acknowledged below the window, and goes on with each acknowledgement", () => {
    const network = line({ records: { windowBytes: 50_000 } });
    network.run(1000);
    const alice = network.members.get("alice")!;
    const before = alice.sent.length;
    for (let shard = 0; shard < 200; shard++) {
      alice.db.originate("topology", shard, bodyOf("x".repeat(1000)), HALF_HOUR);
    }
    network.run(1);
    const burst = alice.sent.slice(before).reduce((sum, { payload }) => sum + payload.length, 0);
    expect(burst).toBeLessThan(60_000);
    network.run(1000);
    expect(network.members.get("charlie")!.db.list("topology")).toHaveLength(200);
    expect(alice.db.counts.retransmitted).toBe(0);
  });

  it("carries a body of 256 kB, and no larger one", () => {
    const network = line();
    const alice = network.members.get("alice")!;
    alice.db.originate("topology", 0, new Uint8Array(256 * 1024).fill(7), HALF_HOUR);
    network.run(2000);
    expect(network.members.get("charlie")!.db.get({ origin: "alice", kind: "topology", shard: 0 })?.body.length)
      .toBe(256 * 1024);
    expect(() => alice.db.originate("topology", 1, new Uint8Array(256 * 1024 + 1), HALF_HOUR)).toThrow("Cannot seal");
  });

  it("sends again what got lost, and what was replaced meanwhile only in its newest version", () => {
    const network = line();
    network.run(1000);
    const { db, sent } = network.members.get("alice")!;
    network.lossPermille = 1000;
    db.originate("topology", 0, bodyOf("first".repeat(100)), HALF_HOUR);
    network.run(20);
    db.originate("topology", 0, bodyOf("other".repeat(100)), HALF_HOUR);
    network.run(20);
    network.lossPermille = 0;
    const before = sent.length;
    network.run(2000);
    const again = sent.slice(before).map(({ payload }) => new TextDecoder().decode(payload));
    expect(again.some((text) => text.includes("other"))).toBe(true);
    expect(again.some((text) => text.includes("first"))).toBe(false);
    expect(network.members.get("charlie")!.installed.map(({ version }) => version)).toEqual([2]);
  });

  it("waits longer from one repetition to the next", () => {
    const network = line();
    network.run(1000);
    const { db, sent } = network.members.get("alice")!;
    network.lossPermille = 1000;
    const before = sent.length;
    db.originate("topology", 0, bodyOf("links"), HALF_HOUR);
    network.run(10_000);
    const first = sent.length - before;
    network.run(10_000);
    expect(first).toBeGreaterThan(4);
    expect(sent.length - before - first).toBeLessThan(first / 2);
  });

  it("stops sending when the adjacency goes down", () => {
    const network = line();
    network.run(1000);
    const { db, sent } = network.members.get("alice")!;
    network.lossPermille = 1000;
    db.originate("topology", 0, bodyOf("links"), HALF_HOUR);
    network.run(1000);
    db.adjacencyDown("bob");
    const before = sent.length;
    network.run(MINUTE);
    expect(sent.length).toBe(before);
  });

  it("ignores acknowledgements of an earlier adjacency", () => {
    const network = line({ hellos: false });
    network.run(1000);
    const alice = network.members.get("alice")!;
    const bob = network.members.get("bob")!;
    const before = bob.sent.length;
    alice.db.originate("topology", 0, bodyOf("one"), HALF_HOUR);
    network.run(1000);
    const late = bob.sent.slice(before);
    network.cut("alice", "bob");
    network.link("alice", "bob");
    network.run(1000);
    network.lossPermille = 1000;
    alice.db.originate("topology", 0, bodyOf("two"), HALF_HOUR);
    network.run(50);
    expect(late.length).toBeGreaterThan(0);
    for (const { payload } of late) alice.db.receive("bob", payload);
    network.lossPermille = 0;
    network.run(3000);
    expect(textOf(bob.db.get({ origin: "alice", kind: "topology", shard: 0 }))).toBe("two");
  });

  it("sends what changes all the time at most every 10 ms", () => {
    const network = line();
    network.run(1000);
    const { db, sent } = network.members.get("alice")!;
    const before = sent.length;
    for (let ms = 0; ms < 100; ms++) {
      db.originate("topology", 0, bodyOf(`${ms}`), HALF_HOUR);
      network.run(1);
    }
    expect(sent.length - before).toBeLessThanOrEqual(11);
    expect(sent.length - before).toBeGreaterThanOrEqual(9);
  });

  it("learns how long a link takes, and repeats nothing that is on its way", () => {
    const network = line({ delayMs: [400, 400] });
    network.run(10_000);
    const { db } = network.members.get("alice")!;
    for (let n = 0; n < 3; n++) {
      db.originate("topology", 0, bodyOf(`${n}`), HALF_HOUR);
      network.run(5000);
    }
    const learnt = db.counts.retransmitted;
    for (let n = 0; n < 20; n++) {
      db.originate("topology", 0, bodyOf(`again ${n}`), HALF_HOUR);
      network.run(2000);
    }
    expect(db.counts.retransmitted - learnt).toBeLessThanOrEqual(1);
  });

  it("repeats nothing over good links, however many records pass", () => {
    const network = line();
    network.run(1000);
    const { db } = network.members.get("alice")!;
    for (let round = 0; round < 20; round++) {
      for (let shard = 0; shard < 256; shard++) db.originate("topology", shard, bodyOf(`${round}`), HALF_HOUR);
      network.run(100);
    }
    network.run(5000);
    expect(db.counts.retransmitted).toBe(0);
    expect(network.isEqual()).toBe(true);
  });

  it("tells a peer that is behind", () => {
    const network = line({ hellos: false });
    network.run(1000);
    const bob = network.members.get("bob")!;
    const alice = network.members.get("alice")!;
    const before = alice.sent.length;
    alice.db.originate("topology", 0, bodyOf("old"), HALF_HOUR);
    network.run(1);
    const [{ payload: old }] = alice.sent.slice(before);
    alice.db.originate("topology", 0, bodyOf("new"), HALF_HOUR);
    network.run(1000);
    const told = bob.sent.length;
    bob.db.receive("alice", old);
    network.run(1000);
    const answers = bob.sent.slice(told).map(({ to, payload }) => [to, new TextDecoder().decode(payload)]);
    expect(answers.some(([to, text]) => to === "alice" && text.includes("new"))).toBe(true);
    expect(textOf(bob.db.get({ origin: "alice", kind: "topology", shard: 0 }))).toBe("new");
  });
});

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

describe("RecordDatabase over bad links", () => {
  const change = fc.record({
    member: fc.nat(19),
    kind: fc.constantFrom("topology" as const, "interest" as const),
    shard: fc.nat(3),
    body: fc.constantFrom("", "a", "b", "c".repeat(300)),
    pauseMs: fc.constantFrom(0, 5, 50, 700),
  });

  it("makes all databases equal, whatever is lost, repeated, reordered and cut meanwhile", () => {
    const scenario = fc.record({
      seed: fc.integer(),
      size: fc.integer({ min: 2, max: 20 }),
      lossPermille: fc.constantFrom(0, 50, 300),
      changes: fc.array(change, { minLength: 1, maxLength: 25 }),
      cutAt: fc.nat(24),
    });
    fc.assert(
      fc.property(scenario, ({ seed, size, lossPermille, changes, cutAt }) => {
        const network = mesh(size, { seed, lossPermille, repeatPermille: 100, delayMs: [1, 120] });
        for (const [n, { member, kind, shard, body, pauseMs }] of changes.entries()) {
          if (n === cutAt) network.cut("c0", "c1");
          network.members.get(`c${member % size}`)!.db.originate(kind, shard, bodyOf(body), HALF_HOUR);
          network.run(pauseMs);
        }
        if (changes.length > cutAt) network.link("c0", "c1");
        network.lossPermille = 0;
        expect(network.runUntilEqual(MINUTE)).toBeDefined();
      }),
      { numRuns: 40 },
    );
  });

  it("settles by retransmission alone where messages get lost for a while", () => {
    const network = line({ seed: 7, lossPermille: 500, delayMs: [5, 100], records: { mismatchMs: 1e9 } });
    network.run(10_000);
    for (let n = 0; n < 20; n++) {
      network.members.get("alice")!.db.originate("topology", n, bodyOf(`t${n}`), HALF_HOUR);
      network.members.get("charlie")!.db.originate("interest", n, bodyOf(`i${n}`), HALF_HOUR);
      network.run(100);
    }
    expect(network.runUntilEqual(MINUTE)).toBeDefined();
  });
});
