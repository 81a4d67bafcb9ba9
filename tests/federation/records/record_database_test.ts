/** What a database does with its records over time: refreshing, ageing, withdrawing, versions, persistence. */

import { describe, expect, it } from "bun:test";

import { bodyOf, hear, hex, pair, RecordNetwork, textOf } from "./record_network.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HALF_HOUR = 30 * MINUTE;
const TOPOLOGY = { kind: "topology", shard: 0 } as const;
const INTEREST = { kind: "interest", shard: 0 } as const;

describe("RecordDatabase.originate()", () => {
  it("counts the versions of a kind over all its shards", () => {
    const { db } = new RecordNetwork().add("alice");
    expect(db.originate("interest", 0, bodyOf("a"), HALF_HOUR)).toBe(1);
    expect(db.originate("interest", 5, bodyOf("b"), HALF_HOUR)).toBe(2);
    expect(db.originate("topology", 0, bodyOf("c"), HALF_HOUR)).toBe(1);
    expect(db.originate("interest", 0, bodyOf("d"), HALF_HOUR)).toBe(3);
  });

  it("answers the version that stands where the body is the same, and sends nothing", () => {
    const { network, alice, bob } = pair();
    alice.db.originate("topology", 0, bodyOf("links"), HALF_HOUR);
    alice.db.originate("topology", 1, bodyOf("others"), HALF_HOUR);
    network.run(SECOND);
    const heard = bob.installed.length;
    expect(alice.db.originate("topology", 0, bodyOf("links"), HALF_HOUR)).toBe(1);
    network.run(SECOND);
    expect(bob.installed).toHaveLength(heard);
  });

  it("keeps a copy of the body", () => {
    const { db } = new RecordNetwork().add("alice");
    const body = bodyOf("links");
    db.originate("topology", 0, body, HALF_HOUR);
    body[0] = 0;
    expect(textOf(db.get({ origin: "alice", ...TOPOLOGY }))).toBe("links");
  });

  it("refuses shards and lifetimes that no record can have", () => {
    const { db } = new RecordNetwork().add("alice");
    expect(() => db.originate("topology", 256, bodyOf("a"), HALF_HOUR)).toThrow("0..255");
    expect(() => db.originate("topology", 0, bodyOf("a"), 0)).toThrow("1 ms to 49 days");
    expect(() => db.originate("topology", 0, bodyOf("a"), Number.NaN)).toThrow("1 ms to 49 days");
  });

  it("refreshes after about a third of the life: same content, next version", () => {
    const { network, alice, bob } = pair();
    alice.db.originate("topology", 0, bodyOf("links"), 30 * SECOND);
    network.run(8 * SECOND);
    expect(bob.installed).toHaveLength(1);
    network.run(3 * SECOND);
    expect(bob.installed.map(({ version, refreshed }) => [version, refreshed])).toEqual([[1, false], [2, true]]);
    network.run(5 * MINUTE);
    expect(textOf(bob.db.get({ origin: "alice", ...TOPOLOGY }))).toBe("links");
    expect(bob.purged).toEqual([]);
  });

  it("lets a record live shorter from now on", () => {
    const { network, alice, bob } = pair();
    alice.db.originate("topology", 0, bodyOf("links"), HALF_HOUR);
    network.run(SECOND);
    expect(alice.db.originate("topology", 0, bodyOf("links"), 30 * SECOND)).toBe(1);
    network.run(10 * SECOND);
    expect(bob.installed.map(({ version }) => version)).toEqual([1, 2]);
    const { lifetimeMs } = bob.db.get({ origin: "alice", ...TOPOLOGY })!;
    expect(lifetimeMs).toBeLessThanOrEqual(30 * SECOND);
  });

  it("may be called by who is told of a record, and tells of both in order", () => {
    const { network, alice, bob } = pair();
    const push = bob.installed.push.bind(bob.installed);
    bob.installed.push = (...records) => {
      for (const { origin } of records) {
        if (origin === "alice") bob.db.originate("topology", 0, bodyOf("me"), HALF_HOUR);
      }
      return push(...records);
    };
    alice.db.originate("topology", 0, bodyOf("links"), HALF_HOUR);
    network.run(SECOND);
    expect(bob.installed.map(({ origin }) => origin)).toEqual(["alice", "bob"]);
    expect(textOf(alice.db.get({ origin: "bob", ...TOPOLOGY }))).toBe("me");
  });
});

describe("RecordDatabase ages", () => {
  it("purges a record whose origin fell silent when its life is over, not before", () => {
    const { network, alice, bob } = pair();
    alice.db.originate("topology", 0, bodyOf("links"), 30 * SECOND);
    network.run(SECOND);
    alice.db.stop();
    network.run(28 * SECOND);
    expect(bob.db.list("topology")).toHaveLength(1);
    expect(bob.purged).toHaveLength(0);
    network.run(2 * SECOND);
    expect(bob.db.list("topology")).toEqual([]);
    expect(bob.purged.map(({ origin }) => origin)).toEqual(["alice"]);
    expect(bob.db.counts.records).toBe(0);
    expect(hex(bob.db.root)).toBe("0000000000000000");
  });

  it("does not take in what has no life left", () => {
    const { alice } = pair();
    hear(alice, "bob", { origin: "charlie", epoch: 2 ** 32, version: 1, lifetimeMs: 0 });
    expect(alice.db.counts.records).toBe(0);
  });

  it("does not tell of a record whose life ended on its way to disk", () => {
    const { network, alice, bob } = pair({ persistMs: 5 * SECOND });
    alice.db.originate("interest", 0, bodyOf("order.>"), 3 * SECOND);
    network.run(100);
    alice.db.stop();
    network.run(MINUTE);
    expect(bob.installed).toEqual([]);
    expect(bob.db.versionOf("alice", "interest")).toBe(0);
    expect(bob.disk.size).toBe(0);
  });

  it("hands on what remains of a life, so that a record cannot live for ever by going round", () => {
    const network = new RecordNetwork();
    const names = ["alice", "bob", "charlie", "dave"];
    const members = names.map((name) => network.add(name));
    members[0].db.originate("topology", 0, bodyOf("links"), 60 * SECOND);
    network.link("alice", "bob");
    network.run(SECOND);
    members[0].db.stop();
    network.run(20 * SECOND);
    network.link("bob", "charlie");
    network.run(20 * SECOND);
    network.link("charlie", "dave");
    network.link("dave", "bob");
    network.run(SECOND);
    const { lifetimeMs } = members[3].db.get({ origin: "alice", ...TOPOLOGY })!;
    expect(lifetimeMs).toBeLessThanOrEqual(19 * SECOND);
    expect(lifetimeMs).toBeGreaterThan(17 * SECOND);
    network.run(20 * SECOND);
    expect(members.slice(1).map(({ db }) => db.counts.records)).toEqual([0, 0, 0]);
    network.run(MINUTE);
    expect(members.slice(1).map(({ db }) => db.counts.records)).toEqual([0, 0, 0]);
  });

  it("writes own records anew after it slept through their life", () => {
    const { network, alice, bob } = pair();
    alice.db.originate("topology", 0, bodyOf("links"), 30 * SECOND);
    network.run(SECOND);
    network.sleep(10 * MINUTE);
    network.run(SECOND);
    expect(alice.purged).toEqual([]);
    expect(textOf(bob.db.get({ origin: "alice", ...TOPOLOGY }))).toBe("links");
  });
});

describe("RecordDatabase withdraws", () => {
  it("keeps a tombstone for one life, out of sight, and then nothing", () => {
    const { network, alice, bob } = pair();
    alice.db.originate("topology", 0, bodyOf("links"), MINUTE);
    network.run(SECOND);
    expect(alice.db.originate("topology", 0, bodyOf(""), MINUTE)).toBe(2);
    network.run(SECOND);
    expect(bob.installed.map(({ body }) => body.length)).toEqual([5, 0]);
    expect(bob.db.get({ origin: "alice", ...TOPOLOGY })).toBeUndefined();
    expect(bob.db.list("topology")).toEqual([]);
    expect(bob.db.counts.records).toBe(1);
    network.run(MINUTE);
    expect([alice.db.counts.records, bob.db.counts.records]).toEqual([0, 0]);
  });

  it("does not let a copy come back that somebody still has", () => {
    const { network, alice, bob } = pair();
    const charlie = network.add("charlie");
    network.link("bob", "charlie");
    alice.db.originate("interest", 0, bodyOf("order.>"), HALF_HOUR);
    network.run(SECOND);
    network.cut("bob", "charlie");
    alice.db.originate("interest", 0, bodyOf(""), MINUTE); // shorter than the copies live
    network.run(5 * MINUTE);
    network.link("bob", "charlie");
    network.run(SECOND);
    expect(charlie.db.list("interest")).toEqual([]);
    expect(bob.db.list("interest")).toEqual([]);
  });

  it("says nothing where there is nothing to withdraw", () => {
    const { alice } = pair();
    expect(alice.db.originate("interest", 3, bodyOf(""), MINUTE)).toBe(0);
    expect(alice.db.counts.records).toBe(0);
  });

  it("takes the same shard into use again", () => {
    const { network, alice, bob } = pair();
    for (const text of ["one", "", "two"]) alice.db.originate("interest", 0, bodyOf(text), MINUTE);
    network.run(SECOND);
    expect(textOf(bob.db.get({ origin: "alice", ...INTEREST }))).toBe("two");
    expect(bob.db.versionOf("alice", "interest")).toBe(3);
  });
});

describe("RecordDatabase.versionOf()", () => {
  it("names a version only when every shard up to it is installed", () => {
    const { network, alice, bob } = pair();
    alice.db.originate("interest", 0, bodyOf("a"), HALF_HOUR);
    network.run(SECOND);
    network.lossPermille = 1000;
    alice.db.originate("interest", 1, bodyOf("b"), HALF_HOUR);
    network.run(20);
    network.lossPermille = 0;
    alice.db.originate("interest", 2, bodyOf("c"), HALF_HOUR);
    network.run(20);
    expect(bob.installed.map(({ version }) => version)).toEqual([1, 3]);
    expect(bob.db.versionOf("alice", "interest")).toBe(1);
    network.run(SECOND);
    expect(bob.db.versionOf("alice", "interest")).toBe(3);
  });

  it("counts what is on its way to disk not yet", () => {
    const { network, alice, bob } = pair({ persistMs: 100 });
    alice.db.originate("interest", 0, bodyOf("a"), HALF_HOUR);
    network.run(120); // 100 at alice and with bob at work on it
    expect(alice.db.versionOf("alice", "interest")).toBe(1);
    network.run(100);
    expect(bob.db.versionOf("alice", "interest")).toBe(1);
  });

  it("is known to who joins after shards were withdrawn and forgotten", () => {
    const { network, alice } = pair();
    for (const shard of [0, 1, 2]) alice.db.originate("interest", shard, bodyOf("a"), MINUTE);
    alice.db.originate("interest", 1, bodyOf(""), MINUTE);
    network.run(2 * MINUTE);
    const charlie = network.add("charlie");
    network.link("bob", "charlie");
    network.run(SECOND);
    expect(charlie.db.versionOf("alice", "interest")).toBe(alice.db.versionOf("alice", "interest"));
    expect(charlie.db.versionOf("alice", "interest")).toBeGreaterThan(4);
  });

  it("is counted in the epoch that epochOf() names", () => {
    const { network, alice, bob } = pair();
    alice.db.originate("interest", 0, bodyOf("a"), HALF_HOUR);
    network.run(SECOND);
    expect(bob.db.epochOf("alice", "interest")).toBe(alice.db.epoch);
    expect(bob.db.epochOf("charlie", "interest")).toBe(0);
    expect(bob.db.versionOf("charlie", "interest")).toBe(0);
  });
});

describe("RecordDatabase persists", () => {
  it("interest before it tells of it, and no topology", () => {
    const { network, alice, bob } = pair({ persistMs: 50 });
    alice.db.originate("topology", 0, bodyOf("links"), HALF_HOUR);
    alice.db.originate("interest", 0, bodyOf("order.>"), HALF_HOUR);
    expect(alice.installed.map(({ kind }) => kind)).toEqual(["topology"]);
    network.run(SECOND);
    expect(alice.installed.map(({ kind }) => kind)).toEqual(["topology", "interest"]);
    expect([...bob.disk.keys()]).toEqual(["alice/interest/0"]);
  });

  it("again after a failure, and tells of it only then", () => {
    const { network, alice, bob } = pair();
    bob.diskError = new Error("disk full");
    alice.db.originate("interest", 0, bodyOf("order.>"), HALF_HOUR);
    network.run(10 * SECOND);
    expect(bob.installed).toEqual([]);
    expect(bob.notices.map(({ code }) => code)).toEqual(["PERSIST_FAILED"]);
    bob.diskError = undefined;
    network.run(2 * SECOND);
    expect(bob.installed.map(textOf)).toEqual(["order.>"]);
  });

  it("floods meanwhile: a slow disk does not slow the mesh", () => {
    const network = new RecordNetwork({ persistMs: 400 });
    for (const name of ["alice", "bob", "charlie"]) network.add(name);
    network.link("alice", "bob");
    network.link("bob", "charlie");
    network.run(SECOND);
    network.members.get("alice")!.db.originate("interest", 0, bodyOf("order.>"), HALF_HOUR);
    network.run(500);
    expect(network.members.get("charlie")!.installed).toHaveLength(1);
  });

  it("no more than 4 MiB at once", () => {
    const { network, alice, bob } = pair();
    const body = "x".repeat(200_000);
    for (let shard = 0; shard < 64; shard++) alice.db.originate("interest", shard, bodyOf(body), HALF_HOUR);
    network.run(30 * SECOND);
    expect(bob.disk.size).toBe(64);
    for (const batch of [...alice.batches, ...bob.batches]) {
      expect(batch.length * 200_000).toBeLessThan(4 * 1024 * 1024);
    }
  });

  it("removes what ended its life", () => {
    const { network, alice, bob } = pair();
    alice.db.originate("interest", 0, bodyOf("order.>"), 10 * SECOND);
    network.run(SECOND);
    alice.db.stop();
    network.run(20 * SECOND);
    expect(bob.disk.size).toBe(0);
  });

  it("starts from what it loaded", () => {
    const { network, alice, bob } = pair();
    alice.db.originate("interest", 0, bodyOf("order.>"), HALF_HOUR);
    alice.db.originate("interest", 1, bodyOf("invoice.>"), HALF_HOUR);
    network.run(SECOND);
    const again = network.add("bob", { counter: 2, disk: bob.disk });
    expect(again.db.list("interest")).toHaveLength(2);
    expect(again.installed).toHaveLength(2);
    expect(again.db.versionOf("alice", "interest")).toBe(2);
  });

  it("does not remove the document of a record that came back meanwhile", () => {
    const { network, alice, bob } = pair({ persistMs: 200 });
    alice.db.originate("interest", 0, bodyOf("one"), 10 * SECOND);
    network.run(SECOND);
    alice.db.stop();
    bob.diskError = new Error("disk full");
    network.run(15 * SECOND);
    const again = network.add("alice", { counter: 2 });
    network.link("alice", "bob");
    again.db.originate("interest", 0, bodyOf("two"), HALF_HOUR);
    network.run(2 * SECOND);
    bob.diskError = undefined;
    network.run(3 * SECOND);
    expect([...bob.disk.values()].map(textOf)).toEqual(["two"]);
  });
});

describe("RecordDatabase.stop()", () => {
  it("ends everything: nothing is sent or told afterwards", () => {
    const { network, alice, bob } = pair();
    alice.db.originate("interest", 0, bodyOf("a"), 10 * SECOND);
    network.run(1);
    for (const { db } of [alice, bob]) db.stop();
    const before = [alice, bob].map(({ sent, installed, purged }) => [sent.length, installed.length, purged.length]);
    network.run(MINUTE);
    expect([alice, bob].map(({ sent, installed, purged }) => [sent.length, installed.length, purged.length]))
      .toEqual(before);
  });
});
