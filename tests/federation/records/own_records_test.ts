/** Who writes in whose name: epochs, jumps, what earlier runs left behind, clusters that are forgotten. */

import { describe, expect, it } from "bun:test";

import { bodyOf, hear, pair, RecordNetwork, textOf } from "./record_network.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HALF_HOUR = 30 * MINUTE;
const TOPOLOGY = { kind: "topology", shard: 0 } as const;

describe("RecordDatabase and epochs", () => {
  it("prefers what a later run wrote, whatever the version", () => {
    const { network, alice, bob } = pair();
    for (let n = 0; n < 5; n++) alice.db.originate("topology", 0, bodyOf(`old ${n}`), HALF_HOUR);
    network.run(SECOND);
    const again = network.add("alice", { counter: 2 });
    network.cut("alice", "bob");
    network.link("alice", "bob");
    again.db.originate("topology", 0, bodyOf("new"), HALF_HOUR);
    network.run(SECOND);
    expect(textOf(bob.db.get({ origin: "alice", ...TOPOLOGY }))).toBe("new");
    expect(bob.db.versionOf("alice", "topology")).toBe(1);
    expect(again.notices).toEqual([]);
  });

  it("jumps ahead of records of its own name that are not from this run", () => {
    const { network, alice, bob } = pair();
    const lost = network.add("alice", { counter: 5 });
    network.cut("alice", "bob");
    network.link("alice", "bob");
    lost.db.originate("topology", 0, bodyOf("of the fifth run"), HALF_HOUR);
    network.run(SECOND);
    expect(alice.db).not.toBe(lost.db);
    // The disk is lost with the counter.
    const emptied = network.add("alice", { counter: 1 });
    emptied.db.originate("topology", 0, bodyOf("after the loss"), HALF_HOUR);
    network.cut("alice", "bob");
    network.link("alice", "bob");
    network.run(SECOND);
    expect(textOf(bob.db.get({ origin: "alice", ...TOPOLOGY }))).toBe("after the loss");
    expect(Math.floor(emptied.db.epoch / 2 ** 32)).toBe(6);
    expect(emptied.notices.map(({ code }) => code)).toEqual(["EPOCH_JUMP"]);
    expect(emptied.db.counts.epochJumps).toBe(1);
    expect(network.isEqual()).toBe(true);
  });

  it("jumps for a record of its own epoch that it did not write", () => {
    const { network, alice, bob } = pair();
    alice.db.originate("topology", 0, bodyOf("links"), HALF_HOUR);
    network.run(SECOND);
    const { epoch } = alice.db;
    hear(bob, "alice", { origin: "alice", epoch, version: 9 });
    // bob does not send it where he believes that it came from; the roots tell.
    network.run(10 * SECOND);
    expect(textOf(bob.db.get({ origin: "alice", ...TOPOLOGY }))).toBe("links");
    expect(Math.floor(alice.db.epoch / 2 ** 32)).toBe(2);
  });

  it("jumps for a record of its own version that says something else, and for a shard that it never wrote", () => {
    for (const made of [{ shard: 0 }, { shard: 7 }]) {
      const { network, alice, bob } = pair();
      alice.db.originate("topology", 0, bodyOf("links"), HALF_HOUR);
      network.run(SECOND);
      hear(alice, "bob", { origin: "alice", epoch: alice.db.epoch, version: 1, ...made });
      network.run(MINUTE);
      expect(alice.db.counts.epochJumps).toBe(1);
      expect(bob.db.list("topology").map(textOf)).toEqual(["links"]);
      expect(network.isEqual()).toBe(true);
    }
  });

  it("jumps later where it may not jump yet", () => {
    const { network, alice, bob } = pair();
    alice.db.originate("topology", 0, bodyOf("links"), HALF_HOUR);
    hear(alice, "bob", { origin: "alice", epoch: 5 * 2 ** 32, version: 1 });
    network.run(SECOND / 2);
    hear(alice, "bob", { origin: "alice", epoch: 9 * 2 ** 32, version: 1 });
    expect(Math.floor(alice.db.epoch / 2 ** 32)).toBe(6);
    network.run(SECOND);
    expect(Math.floor(alice.db.epoch / 2 ** 32)).toBe(10);
    expect(bob.db.epochOf("alice", "topology")).toBe(alice.db.epoch);
  });

  it("goes on with its versions after a jump", () => {
    const { network, alice } = pair();
    for (let n = 0; n < 5; n++) alice.db.originate("interest", 0, bodyOf(`${n}`), HALF_HOUR);
    hear(alice, "bob", { origin: "alice", epoch: 7 * 2 ** 32, version: 1 });
    expect(alice.db.originate("interest", 0, bodyOf("next"), HALF_HOUR)).toBe(7); // 6: the record that it had
    network.run(SECOND);
    expect(network.members.get("bob")!.db.versionOf("alice", "interest")).toBe(7);
  });

  it("does not bring back tombstones that have ended their life", () => {
    const { network, alice } = pair();
    for (const text of ["links", ""]) alice.db.originate("topology", 0, bodyOf(text), MINUTE);
    network.run(2 * MINUTE);
    hear(alice, "bob", { origin: "alice", epoch: 5 * 2 ** 32, version: 1, body: "" });
    expect(alice.db.counts.epochJumps).toBe(1);
    expect(alice.db.list("topology")).toEqual([]);
    expect(alice.db.counts.records).toBe(1); // that which was heard
  });

  it("does not race with a cluster of the same name", () => {
    const network = new RecordNetwork();
    network.add("bob");
    network.add("alice", { counter: 3 });
    network.link("alice", "bob");
    const alice = network.members.get("alice")!;
    alice.db.originate("topology", 0, bodyOf("links"), HALF_HOUR);
    for (let n = 0; n < 6000; n++) {
      network.run(100);
      hear(alice, "bob", { origin: "alice", epoch: alice.db.epoch + 2 ** 32, version: 1 });
    }
    // Ten minutes: at 1, 2, 4, … 60, 60 seconds.
    expect(alice.db.counts.epochJumps).toBeLessThan(20);
    expect(alice.db.counts.epochJumps).toBeGreaterThan(8);
  });

  it("says so where there is no later epoch to jump to", () => {
    const { alice } = pair();
    alice.db.originate("topology", 0, bodyOf("links"), HALF_HOUR);
    hear(alice, "bob", { origin: "alice", epoch: (2 ** 21 - 1) * 2 ** 32, version: 1 });
    expect(alice.notices.map(({ code }) => code)).toEqual(["EPOCH_EXHAUSTED"]);
    expect(textOf(alice.db.get({ origin: "alice", ...TOPOLOGY }))).toBe("links");
  });

  it("withdraws what an earlier run wrote and this one does not want any more, after a while", () => {
    const { network, alice, bob } = pair();
    for (const shard of [0, 1, 2]) alice.db.originate("interest", shard, bodyOf(`i${shard}`), HALF_HOUR);
    network.run(SECOND);
    const again = network.add("alice", { counter: 2, disk: alice.disk });
    network.cut("alice", "bob");
    network.link("alice", "bob");
    again.db.originate("interest", 0, bodyOf("i0"), HALF_HOUR);
    network.run(20 * SECOND);
    expect(bob.db.list("interest")).toHaveLength(3);
    network.run(20 * SECOND);
    expect(bob.db.list("interest").map(({ shard }) => shard)).toEqual([0]);
    expect(again.notices.map(({ code }) => code)).toEqual(["ORPHANS_WITHDRAWN"]);
  });

  it("withdraws also what it hears of only long after", () => {
    const { network, alice, bob } = pair();
    alice.db.originate("interest", 1, bodyOf("old"), HALF_HOUR);
    network.run(SECOND);
    network.cut("alice", "bob");
    const again = network.add("alice", { counter: 2 });
    again.db.originate("interest", 0, bodyOf("new"), HALF_HOUR);
    network.run(MINUTE);
    network.link("alice", "bob");
    network.run(SECOND);
    expect(bob.db.list("interest")).toHaveLength(2);
    network.run(MINUTE);
    expect(bob.db.list("interest").map(textOf)).toEqual(["new"]);
  });

  it("withdraws nothing of a kind that this run has not spoken of", () => {
    const { network, alice, bob } = pair();
    alice.db.originate("interest", 0, bodyOf("i"), HALF_HOUR);
    network.run(SECOND);
    const again = network.add("alice", { counter: 2 });
    network.cut("alice", "bob");
    network.link("alice", "bob");
    again.db.originate("topology", 0, bodyOf("links"), HALF_HOUR);
    network.run(5 * MINUTE);
    expect(bob.db.list("interest")).toHaveLength(1);
    again.db.originate("interest", 9, bodyOf(""), HALF_HOUR);
    network.run(MINUTE);
    expect(bob.db.list("interest")).toEqual([]);
  });

  it("settles two records of one version by their bytes, everywhere alike, and reports them", () => {
    const network = new RecordNetwork();
    const members = ["alice", "bob", "charlie"].map((name) => network.add(name));
    network.link("alice", "bob");
    network.link("bob", "charlie");
    network.run(SECOND);
    const record = { origin: "dave", epoch: 2 ** 32 + 1, version: 1 };
    hear(members[0], "bob", { ...record, body: "one" });
    hear(members[2], "bob", { ...record, body: "two" });
    hear(members[2], "bob", { ...record, body: "one" });
    expect(textOf(members[2].db.get({ origin: "dave", ...TOPOLOGY }))).toBe("two");
    network.run(10 * SECOND);
    expect(members.map(({ db }) => textOf(db.get({ origin: "dave", ...TOPOLOGY })))).toEqual(["two", "two", "two"]);
    expect(members.flatMap(({ notices }) => notices).map(({ code }) => code)).toContain("RECORD_CONFLICT");
    expect(members[0].db.counts.conflicts).toBeGreaterThan(0);
  });
});

describe("RecordDatabase.forget()", () => {
  it("withdraws all records of a cluster everywhere, also from who comes back later", () => {
    const { network, alice, bob } = pair();
    const charlie = network.add("charlie");
    network.link("bob", "charlie");
    alice.db.originate("topology", 0, bodyOf("links"), HALF_HOUR);
    for (const shard of [0, 1]) alice.db.originate("interest", shard, bodyOf("a"), HALF_HOUR);
    network.run(SECOND);
    network.cut("bob", "charlie");
    network.cut("alice", "bob");
    bob.db.forget("alice");
    network.run(MINUTE);
    network.link("bob", "charlie");
    network.run(SECOND);
    for (const { db } of [bob, charlie]) {
      expect(db.list("topology")).toEqual([]);
      expect(db.list("interest")).toEqual([]);
    }
    network.run(24 * 60 * MINUTE);
    expect(bob.db.counts.records).toBe(3); // the tombstones
  });

  it("does not silence a cluster that lives after all", () => {
    const { network, alice, bob } = pair();
    alice.db.originate("topology", 0, bodyOf("links"), HALF_HOUR);
    network.run(SECOND);
    bob.db.forget("alice");
    network.run(SECOND);
    expect(textOf(bob.db.get({ origin: "alice", ...TOPOLOGY }))).toBe("links");
    expect(alice.notices.map(({ code }) => code)).toEqual(["EPOCH_JUMP"]);
  });

  it("refuses to forget its own cluster", () => {
    const { alice } = pair();
    expect(() => alice.db.forget("alice")).toThrow('Cannot forget cluster "alice"');
  });
});
