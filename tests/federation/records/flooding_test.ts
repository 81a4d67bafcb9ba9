/** Records on their way from database to database: flooding, acknowledgement, repetition, over good links and bad ones. */

import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { bodyOf, line, RecordNetwork, textOf } from "./record_network.ts";

const MINUTE = 60_000;
const HALF_HOUR = 30 * MINUTE;

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

  it("does not send a record to who sends the same meanwhile", () => {
    const network = line({ hellos: false });
    network.run(1000);
    const alice = network.members.get("alice")!;
    const bob = network.members.get("bob")!;
    const before = alice.sent.length;
    for (const text of ["first", "second"]) {
      alice.db.originate("topology", 0, bodyOf(text), HALF_HOUR);
      network.run(10); // bob has sent the first one just now, and holds the second back a little
    }
    const [, { payload }] = alice.sent.slice(before);
    network.run(2);
    alice.db.stop();
    const sent = bob.sent.length;
    bob.db.receive("charlie", payload);
    bob.db.receive("alice", payload);
    network.run(1000);
    const toCharlie = bob.sent.slice(sent).filter(({ to }) => to === "charlie");
    expect(toCharlie.some(({ payload }) => new TextDecoder().decode(payload).includes("second"))).toBe(false);
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
