import { describe, expect, it } from "bun:test";

import { type ListedKey, MASK_BYTES, readMessage } from "../../../federation/routing/records/db_message.ts";
import { KIND_NUMBERS_MAX } from "../../../federation/routing/records/mesh_record.ts";
import { MessageWriter } from "../../../federation/routing/records/message_writer.ts";
import { RecordDatabase } from "../../../federation/routing/records/mod.ts";
import { FakeWorld } from "../../support/fake_world.ts";

function aDatabase({ held = false } = {}) {
  const world = new FakeWorld();
  const sent: string[] = [];
  const payloads: Uint8Array[] = [];
  const notices: string[] = [];
  const installed: string[] = [];
  /** Records in each commit. */
  const batches: number[] = [];
  const persisted: ((error: unknown) => void)[] = [];
  const database = new RecordDatabase({
    world,
    self: "alice",
    epoch: 2 * 2 ** 32 + 7,
    send: (peer, payload) => {
      sent.push(peer);
      payloads.push(payload);
    },
    persist: (records, _removed, done) => {
      batches.push(records.length);
      if (held) persisted.push(done);
      else done(undefined);
    },
    onInstalled: (records) => installed.push(...records.map(({ origin }) => origin)),
    onPurged: () => {},
    onNotice: ({ code }) => notices.push(code),
  });
  return { world, sent, payloads, notices, installed, persisted, batches, database };
}

/** What a peer that has nothing answers to the question of a walk. */
function answerTo(question: Uint8Array, keys: readonly ListedKey[] = []): Uint8Array {
  let asked = 0;
  readMessage(question, {
    onRecord: () => {},
    onAck: () => {},
    onBuckets: (walk) => void (asked = walk),
    onKeys: () => {},
    onWant: () => {},
  });
  let answer = new Uint8Array(0);
  new MessageWriter({ bytesMax: 1000 }).compose((payload) => answer = payload.slice(), (writer) => {
    writer.keys({ walk: asked, part: 0, parts: 1, left: new Uint8Array(MASK_BYTES), keys });
  });
  return answer;
}

describe("RecordDatabase and its disk", () => {
  it("has what came together persisted together", () => {
    const { world, database, persisted, batches } = aDatabase({ held: true });
    for (let shard = 0; shard < 5; shard++) database.originate("interest", shard, Uint8Array.of(1), 60_000);
    world.advance(100);
    for (let i = 0; i < persisted.length; i++) persisted[i](undefined);
    world.advance(100);
    expect(batches.reduce((sum, count) => sum + count, 0)).toBe(5);
    expect(batches.length).toBeLessThanOrEqual(2);
  });
});

describe("RecordDatabase.adjacencyUp()", () => {
  it("asks a peer again that does not answer", () => {
    const { world, sent, database } = aDatabase();
    database.adjacencyUp("bob");
    expect(sent).toHaveLength(1);
    world.advance(10_000);
    expect(sent.length).toBeGreaterThan(2);
  });
});

describe("RecordDatabase.synced()", () => {
  it("is not told by a late answer to a question of an earlier round", () => {
    const { world, payloads, database } = aDatabase();
    database.adjacencyUp("bob");
    while (payloads.length < 2) world.advance(100);
    database.receive("bob", answerTo(payloads[0]));
    expect(database.synced("bob")).toBe(false);
    database.receive("bob", answerTo(payloads[1]));
    expect(database.synced("bob")).toBe(true);
  });

  it("does not wait for records of kinds that a later version has", () => {
    const { payloads, database } = aDatabase();
    database.adjacencyUp("bob");
    const later = { origin: "eve", kind: KIND_NUMBERS_MAX, shard: 0, epoch: 2 ** 32, version: 1, hashLow: 1 };
    database.receive("bob", answerTo(payloads[0], [later]));
    expect(database.synced("bob")).toBe(true);
  });
});

describe("RecordDatabase.compareRoot()", () => {
  it("compares when roots differ for long, and asks again when the question is lost", () => {
    const { world, payloads, sent, database } = aDatabase();
    database.adjacencyUp("bob");
    database.receive("bob", answerTo(payloads[0]));
    world.advance(10_000);
    expect([sent.length, database.synced("bob")]).toEqual([1, true]);
    const other = new Uint8Array(8).fill(1);
    database.compareRoot("bob", other);
    world.advance(2000);
    expect(sent).toHaveLength(1);
    database.compareRoot("bob", other);
    expect(sent).toHaveLength(2);
    world.advance(10_000);
    expect(sent.length).toBeGreaterThan(2);
  });
});

describe("RecordDatabase.counts", () => {
  it("count on what was sent to peers that are gone", () => {
    const { world, database, sent } = aDatabase();
    database.adjacencyUp("bob");
    world.advance(2000);
    const { messagesSent, retransmitted } = database.counts;
    expect(messagesSent).toBe(sent.length);
    database.adjacencyDown("bob");
    expect(database.counts).toMatchObject({ messagesSent, retransmitted });
  });
});

describe("RecordDatabase.stop()", () => {
  it("leaves no timer", () => {
    const { world, database } = aDatabase();
    database.adjacencyUp("bob");
    database.originate("topology", 0, Uint8Array.of(1), 60_000);
    database.originate("interest", 0, Uint8Array.of(1), 60_000);
    expect(world.pending).toBeGreaterThan(0);
    database.stop();
    expect(world.pending).toBe(0);
  });

  it("sends nothing afterwards, whoever comes", () => {
    const { world, sent, database } = aDatabase();
    database.stop();
    database.adjacencyUp("bob");
    world.advance(600_000);
    expect(sent).toEqual([]);
  });

  it("withdraws nothing afterwards that an earlier run wrote", () => {
    const { world, notices, database } = aDatabase();
    const body = Uint8Array.of(1);
    const left = { origin: "alice", kind: "topology", epoch: 2 ** 32, version: 1, lifetimeMs: 1e6, body } as const;
    database.load([{ ...left, shard: 5 }]);
    database.originate("topology", 0, body, 1e6);
    database.stop();
    world.advance(60_000);
    expect(notices).toEqual([]);
  });

  it("does not try again what could not be persisted", () => {
    const { world, database, persisted } = aDatabase({ held: true });
    database.originate("interest", 0, Uint8Array.of(1), 60_000);
    world.advance(100);
    persisted[0](new Error("disk full"));
    database.stop();
    world.advance(60_000);
    expect([world.pending, persisted.length]).toEqual([0, 1]);
  });

  it("does not send what was gathered for a peer", () => {
    const { world, sent, database } = aDatabase();
    database.adjacencyUp("bob");
    for (let shard = 0; shard < 5; shard++) database.originate("topology", shard, Uint8Array.of(1), 60_000);
    const { length } = sent;
    database.stop();
    world.advance(60_000);
    expect([sent.length, world.pending]).toEqual([length, 0]);
  });

  it("tells nothing of what becomes durable afterwards", () => {
    const { world, installed, database, persisted } = aDatabase({ held: true });
    database.originate("interest", 0, Uint8Array.of(1), 60_000);
    world.advance(100);
    database.stop();
    for (const done of persisted) done(undefined);
    expect([installed, persisted.length]).toEqual([[], 1]);
  });

  it("may be called twice", () => {
    const { world, database } = aDatabase();
    database.adjacencyUp("bob");
    database.stop();
    database.stop();
    expect(world.pending).toBe(0);
  });
});
