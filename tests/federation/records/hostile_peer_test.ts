/** What a peer may send that means harm, or is from another version. */

import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { seal } from "../../../federation/routing/records/sealed_record.ts";
import { MessageWriter } from "../../../federation/routing/records/message_writer.ts";

import { bodyOf, contents, hex, pair, RecordNetwork, textOf } from "./record_network.ts";

const HALF_HOUR = 30 * 60_000;

/** Everything that two databases say while they sync and flood. */
function conversation(): readonly Uint8Array[] {
  const { network, alice, bob } = pair();
  for (let shard = 0; shard < 5; shard++) {
    alice.db.originate("interest", shard, bodyOf(`order.${shard}`), HALF_HOUR);
    bob.db.originate("topology", shard, bodyOf("links"), HALF_HOUR);
  }
  network.run(1000);
  network.cut("alice", "bob");
  alice.db.originate("topology", 0, bodyOf("links"), HALF_HOUR);
  network.link("alice", "bob");
  network.run(1000);
  return [...alice.sent, ...bob.sent].map(({ payload }) => payload);
}

function messageWith(write: (writer: MessageWriter) => void): Uint8Array {
  let message = new Uint8Array(0);
  new MessageWriter({ bytesMax: 1e6 }).compose((payload) => message = payload.slice(), write);
  return message;
}

function record(origin: string, shard: number, body = "x"): Uint8Array {
  const sealed = seal({ origin, kind: 0, shard, epoch: 2 ** 32, version: 1, body: bodyOf(body) });
  return messageWith((writer) => writer.record(shard, HALF_HOUR, sealed));
}

describe("RecordDatabase.receive()", () => {
  const said = conversation();

  it("throws nothing and goes on working, whatever comes", () => {
    const damaged = fc.record({
      message: fc.nat(said.length - 1),
      at: fc.nat(5000),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
      length: fc.option(fc.nat(5000)),
    }).map(({ message, at, bytes, length }) => {
      const copy = said[message].slice(0, length ?? undefined);
      if (copy.length > 0) bytes.forEach((byte, i) => copy[(at + i) % copy.length] = byte);
      return copy;
    });
    const payload = fc.oneof(damaged, fc.uint8Array({ maxLength: 100 }), fc.constantFrom(...said));
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 30 }), (payloads) => {
        const { network, alice, bob } = pair();
        for (const bytes of payloads) {
          bob.db.receive("alice", bytes);
          network.run(7);
        }
        const version = alice.db.originate("interest", 200, bodyOf("still here"), HALF_HOUR);
        network.run(20_000);
        expect(version).toBeGreaterThan(0);
        expect(textOf(bob.db.get({ origin: "alice", kind: "interest", shard: 200 }))).toBe("still here");
        expect(hex(bob.db.root)).toBe(hex(alice.db.root));
      }),
      { numRuns: 150 },
    );
  });

  it("counts and reports what it cannot read, once a minute", () => {
    const { network, bob } = pair();
    for (let n = 0; n < 100; n++) bob.db.receive("alice", Uint8Array.of(9, 9));
    expect(bob.db.counts.refused).toBe(100);
    expect(bob.notices.map(({ code }) => code)).toEqual(["MESSAGE_REFUSED"]);
    network.run(61_000);
    bob.db.receive("alice", Uint8Array.of(9, 9));
    expect(bob.notices).toHaveLength(2);
  });

  it("refuses a message that is larger than any can be", () => {
    const { bob } = pair();
    bob.db.receive("alice", new Uint8Array(1024 * 1024 + 1).fill(1));
    expect(bob.notices.map(({ code }) => code)).toEqual(["MESSAGE_REFUSED"]);
  });

  it("skips sections of a later version", () => {
    const { bob } = pair();
    const known = record("charlie", 0);
    bob.db.receive("alice", Uint8Array.of(1, 77, 2, 0, 0, 0, 8, 8, ...known.slice(1)));
    expect(textOf(bob.db.get({ origin: "charlie", kind: "topology", shard: 0 }))).toBe("x");
    expect(bob.db.counts.refused).toBe(0);
  });

  it("acknowledges also what it refuses, so that it does not come for ever", () => {
    const { network, alice, bob } = pair({ records: { recordsMax: 1 } });
    alice.db.originate("topology", 0, bodyOf("a"), HALF_HOUR);
    alice.db.originate("topology", 1, bodyOf("b"), HALF_HOUR);
    network.run(1000);
    expect(bob.db.counts.refused).toBe(1);
    expect(alice.db.counts.retransmitted).toBe(0);
  });
});

describe("RecordDatabase bounds", () => {
  it("the records that it takes, and still takes new versions of those", () => {
    const { bob } = pair({ records: { recordsMax: 10 } });
    for (let shard = 0; shard < 50; shard++) bob.db.receive("alice", record("charlie", shard));
    expect(bob.db.counts.records).toBe(10);
    expect(bob.db.counts.refused).toBe(40);
    const newer = seal({ origin: "charlie", kind: 0, shard: 3, epoch: 2 ** 32, version: 2, body: bodyOf("new") });
    bob.db.receive("alice", messageWith((writer) => writer.record(1, HALF_HOUR, newer)));
    expect(textOf(bob.db.get({ origin: "charlie", kind: "topology", shard: 3 }))).toBe("new");
  });

  it("the clusters that it knows", () => {
    const { bob } = pair({ records: { originsMax: 5 } });
    for (let n = 0; n < 50; n++) bob.db.receive("alice", record(`c${n}`, 0));
    expect(bob.db.counts.origins).toBe(5);
  });

  it("the bytes of all records", () => {
    const { bob } = pair({ records: { bytesMax: 10_000 } });
    for (let shard = 0; shard < 50; shard++) bob.db.receive("alice", record("charlie", shard, "x".repeat(1000)));
    expect(bob.db.counts.bytes).toBeLessThanOrEqual(10_000);
    expect(bob.notices.map(({ code }) => code)).toEqual(["DATABASE_FULL"]);
  });

  it("nothing of its own: a cluster that others fill up can still speak", () => {
    const { network, alice, bob } = pair({ records: { recordsMax: 3 } });
    for (let shard = 0; shard < 3; shard++) bob.db.receive("alice", record("charlie", shard));
    bob.db.originate("topology", 0, bodyOf("links"), HALF_HOUR);
    network.run(1000);
    expect(textOf(alice.db.get({ origin: "bob", kind: "topology", shard: 0 }))).toBe("links");
  });

  it("the answers to questions that come in a flood", () => {
    const { bob, network } = pair();
    const question = messageWith((writer) => {
      writer.buckets(1, new Uint8Array(32).fill(255), new Uint32Array(512).fill(1));
    });
    const before = bob.sent.length;
    for (let n = 0; n < 1000; n++) bob.db.receive("alice", question);
    expect(bob.sent.length - before).toBeLessThanOrEqual(5);
    network.run(100);
    bob.db.receive("alice", question);
    expect(bob.sent.length - before).toBeLessThanOrEqual(6);
  });
});

describe("RecordDatabase carries on what it does not know", () => {
  it("header fields and kinds of a later version, byte for byte", () => {
    const network = new RecordNetwork();
    for (const name of ["alice", "bob", "charlie"]) network.add(name);
    network.link("alice", "bob");
    network.link("bob", "charlie");
    network.run(1000);
    const extension = Uint8Array.of(1, 2, 3);
    const header = { origin: "dave", shard: 0, epoch: 2 ** 32, version: 1, body: bodyOf("b"), extension };
    const message = messageWith((writer) => {
      writer.record(1, HALF_HOUR, seal({ ...header, kind: 0 }));
      writer.record(2, HALF_HOUR, seal({ ...header, kind: 5 }));
    });
    network.members.get("alice")!.db.receive("bob", message);
    network.cut("alice", "bob");
    network.link("alice", "bob");
    network.run(1000);
    const charlie = network.members.get("charlie")!;
    expect(charlie.db.get({ origin: "dave", kind: "topology", shard: 0 })?.extension).toEqual(extension);
    expect(charlie.db.counts.records).toBe(2);
    // Who works with records does not see a kind that this version cannot name.
    expect(charlie.installed).toHaveLength(1);
    expect(contents(charlie.db).split("\n")).toHaveLength(1);
    expect(hex(charlie.db.root)).toBe(hex(network.members.get("alice")!.db.root));
  });
});
