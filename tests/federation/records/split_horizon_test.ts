import { describe, expect, it } from "bun:test";

import { readMessage } from "../../../federation/routing/records/db_message.ts";
import { MessageWriter } from "../../../federation/routing/records/message_writer.ts";
import { RecordDatabase } from "../../../federation/routing/records/mod.ts";
import { readHeader, seal } from "../../../federation/routing/records/sealed_record.ts";
import { FakeWorld } from "../../support/fake_world.ts";

/** Alice's database between bob and charlie; both are played by the test. */
function between() {
  const world = new FakeWorld();
  /** Records that alice sends: to whom, shard and version. */
  const sent: string[] = [];
  const database = new RecordDatabase({
    world,
    self: "alice",
    epoch: 2 ** 32,
    send: (peer, payload) => {
      readMessage(payload, {
        onRecord: (_tag, _lifetimeMs, { from, to }) => {
          const { shard, version } = readHeader(payload, from, to)!;
          sent.push(`${peer} ${shard} ${version}`);
        },
        onAck: () => {},
        onBuckets: () => {},
        onKeys: () => {},
        onWant: () => {},
      });
    },
    persist: (_records, _removed, done) => done(undefined),
    onInstalled: () => {},
    onPurged: () => {},
    onNotice: () => {},
  });
  for (const peer of ["bob", "charlie"]) database.adjacencyUp(peer);
  const writer = new MessageWriter({ bytesMax: 10_000 });
  /** A record of eve comes from a peer. */
  const hear = (peer: string, shard: number, version: number, { origin = "eve", counter = 1 } = {}): void => {
    const epoch = counter * 2 ** 32;
    const record = seal({ origin, kind: 0, shard, epoch, version, body: Uint8Array.of(version) });
    writer.compose((payload) => database.receive(peer, payload), () => writer.record(1, 600_000, record));
  };
  /** Several records of eve in one message. */
  const hearAll = (peer: string, shards: readonly number[]): void => {
    const records = shards.map((shard) =>
      seal({ origin: "eve", kind: 0, shard, epoch: 2 ** 32, version: 1, body: Uint8Array.of(shard) })
    );
    writer.compose((payload) => database.receive(peer, payload), () => {
      records.forEach((record, tag) => writer.record(tag, 600_000, record));
    });
  };
  return { world, sent, hear, hearAll, database };
}

describe("RecordDatabase", () => {
  it("sends a record on to everybody but who sent it", () => {
    const { world, sent, hear } = between();
    hear("bob", 0, 1);
    world.advance(100);
    expect(sent).toEqual(["charlie 0 1"]);
  });

  it("does not send what waits for a peer that sends something newer meanwhile", () => {
    const { world, sent, hear } = between();
    hear("charlie", 0, 1);
    hear("charlie", 1, 1);
    hear("bob", 1, 2);
    world.advance(100);
    expect(sent).toContain("bob 0 1");
    expect(sent.filter((each) => each.startsWith("bob 1"))).toEqual([]);
    expect(sent).toContain("charlie 1 2");
  });

  it("answers a peer that is behind with what counts", () => {
    const { world, sent, hear } = between();
    hear("charlie", 0, 2);
    hear("bob", 0, 1);
    world.advance(100);
    expect(sent).toContain("bob 0 2");
    expect(sent).not.toContain("charlie 0 1");
  });
});

describe("RecordDatabase.counts", () => {
  it("tell what came again, what was older, what was taken in and what has ended", () => {
    const { world, hear, database } = between();
    hear("bob", 0, 2);
    hear("charlie", 0, 2);
    hear("charlie", 0, 1);
    hear("charlie", 1, 1);
    expect(database.counts).toMatchObject({ repeats: 1, older: 1, installed: 2, purged: 0 });
    world.advance(700_000);
    expect(database.counts).toMatchObject({ installed: 2, purged: 2, records: 0 });
  });

  it("know a record again that is followed by another in its message", () => {
    const { hearAll, database } = between();
    for (let i = 0; i < 2; i++) hearAll("bob", [0, 1, 2]);
    expect(database.counts).toMatchObject({ repeats: 3, installed: 3, conflicts: 0 });
  });
});

describe("RecordDatabase and records of an earlier run", () => {
  it("withdraws after a jump what others still have of it", () => {
    const { world, hear, database } = between();
    database.originate("topology", 0, Uint8Array.of(1), 600_000);
    world.advance(40_000);
    hear("bob", 2, 1, { origin: "alice", counter: 5 });
    const key = { origin: "alice", kind: "topology", shard: 2 } as const;
    expect(database.get(key)).toBeDefined();
    world.advance(31_000);
    expect(database.get(key)).toBeUndefined();
  });
});

describe("RecordDatabase and an own record that was withdrawn", () => {
  it("does not write it anew after its life, whatever makes it write its records", () => {
    const { world, sent, hear, database } = between();
    database.originate("topology", 0, Uint8Array.of(1), 10_000);
    database.originate("topology", 1, Uint8Array.of(1), 600_000);
    database.originate("topology", 0, new Uint8Array(0), 10_000);
    world.advance(11_000);
    expect(database.counts.records).toBe(1);
    sent.length = 0;
    hear("bob", 2, 1, { origin: "alice", counter: 5 }); // an epoch of which this run knows nothing
    world.advance(100);
    expect(database.counts.epochJumps).toBe(1);
    expect(sent.filter((each) => each.startsWith("charlie 1 "))).toHaveLength(1);
    expect(sent.filter((each) => each.startsWith("charlie 0 "))).toEqual([]);
  });
});
