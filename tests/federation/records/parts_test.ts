/** The parts of a database by themselves: what shows only at their edges. */

import { describe, expect, it } from "bun:test";

import { Alarm } from "../../../federation/routing/records/alarm.ts";
import { readMessage } from "../../../federation/routing/records/db_message.ts";
import { FloodQueue } from "../../../federation/routing/records/flood_queue.ts";
import { KindRecords, type Slot } from "../../../federation/routing/records/kind_records.ts";
import { shardMark } from "../../../federation/routing/records/mesh_record.ts";
import { MessageWriter } from "../../../federation/routing/records/message_writer.ts";
import { DEFAULT_RECORDS_OPTIONS, RecordDatabase } from "../../../federation/routing/records/mod.ts";
import { seal, type SealedRecord } from "../../../federation/routing/records/sealed_record.ts";
import { seededRandom } from "../../support/seeded_random.ts";

import { bodyOf } from "./record_network.ts";
import { VirtualTime } from "./virtual_time.ts";

function sealedAs(fields: { shard?: number; version?: number; counter?: number; digest?: number; body?: string }) {
  const { shard = 0, version = 1, counter = 1, digest = 0, body = "b" } = fields;
  const epoch = counter * 2 ** 32;
  return seal({ origin: "alice", kind: 1, shard, epoch, version, liveDigest: digest, body: bodyOf(body) });
}

function slotFor(sealed: SealedRecord): Slot {
  const { origin, kind, shard } = sealed;
  return { origin, kind, shard, current: sealed, installed: undefined, expiresAt: 1e12 };
}

/** The tags of the records in what a queue writes. */
function tagsOf(queue: FloodQueue, now: number): readonly number[] {
  const tags: number[] = [];
  const writer = new MessageWriter({ bytesMax: 1e6 });
  writer.compose((payload) => {
    readMessage(payload, {
      onRecord: (tag) => void tags.push(tag),
      onAck: () => {},
      onBuckets: () => {},
      onKeys: () => {},
      onWant: () => {},
    });
  }, () => queue.flush(writer, now));
  return tags;
}

describe("Alarm", () => {
  it("rings once, at the earliest of the times that it was asked for", () => {
    const time = new VirtualTime();
    const rung: number[] = [];
    const alarm = new Alarm(time.world(seededRandom(1)), (now) => rung.push(now));
    alarm.set(100);
    alarm.set(200);
    alarm.set(50);
    alarm.set(70);
    time.run(1000);
    expect(rung).toEqual([50]);
  });

  it("waits longer than a timer of the runtimes can", () => {
    const time = new VirtualTime();
    const rung: number[] = [];
    new Alarm(time.world(seededRandom(1)), (now) => rung.push(now)).set(2 ** 32);
    time.run(2 ** 32 - 1);
    expect(rung).toEqual([]);
    time.run(1);
    expect(rung).toEqual([2 ** 32]);
  });
});

describe("FloodQueue", () => {
  it("does not send what the peer turned out to have", () => {
    const queue = new FloodQueue(DEFAULT_RECORDS_OPTIONS, 0);
    const slot = slotFor(sealedAs({}));
    queue.offer(slot);
    queue.spare(slot);
    expect(queue.hasWork).toBe(false);
    expect(tagsOf(queue, 0)).toEqual([]);
  });

  it("begins its tags where it is told to, and counts past 2³²", () => {
    const queue = new FloodQueue(DEFAULT_RECORDS_OPTIONS, 2 ** 32 - 2);
    for (let shard = 0; shard < 4; shard++) queue.offer(slotFor(sealedAs({ shard })));
    const tags = tagsOf(queue, 0);
    expect(tags).toEqual([2 ** 32 - 2, 2 ** 32 - 1, 0, 1]);
    for (const tag of tags) queue.acknowledge(tag, 5);
    expect(queue.dueAt).toBe(Infinity);
  });

  it("waits for twice the time that answers take, and twice as long after each that is late", () => {
    const queue = new FloodQueue(DEFAULT_RECORDS_OPTIONS, 0);
    const slots = [0, 1].map((shard) => slotFor(sealedAs({ shard })));
    expect(queue.timeoutMs).toBe(300);
    queue.offer(slots[0]);
    queue.acknowledge(tagsOf(queue, 0)[0], 100);
    expect(queue.timeoutMs).toBe(220);
    queue.offer(slots[1]);
    const [tag] = tagsOf(queue, 1000);
    expect(queue.dueAt).toBe(1220);
    queue.timeOut(1220);
    expect(queue.timeoutMs).toBe(440);
    // Under the same tag, so that the answer to the first sending is one.
    expect(tagsOf(queue, 1220)).toEqual([tag]);
    queue.acknowledge(tag, 1230);
    expect(queue.dueAt).toBe(Infinity);
    // It may be the answer to either: nothing was measured.
    expect(queue.timeoutMs).toBe(440);
  });

  it("gives a record that is never acknowledged another tag, so that the list of tags ends somewhere", () => {
    const queue = new FloodQueue(DEFAULT_RECORDS_OPTIONS, 0);
    const stuck = slotFor(sealedAs({ shard: 255 }));
    queue.offer(stuck);
    expect(tagsOf(queue, 0)).toEqual([0]);
    for (let n = 0; n < 20_000; n++) {
      queue.offer(slotFor(sealedAs({ shard: n % 255 })));
      for (const tag of tagsOf(queue, n)) queue.acknowledge(tag, n);
    }
    queue.timeOut(1e6);
    const [again] = tagsOf(queue, 1e6);
    expect(again).toBe(20_001);
    queue.acknowledge(again, 1e6);
    expect(queue.dueAt).toBe(Infinity);
  });
});

describe("KindRecords.held", () => {
  it("starts anew with an epoch of a higher counter", () => {
    const kind = new KindRecords();
    const put = (sealed: SealedRecord) => {
      const slot = kind.slots.get(sealed.shard) ?? slotFor(sealed);
      kind.slots.set(sealed.shard, slot);
      kind.install(slot, sealed);
    };
    put(sealedAs({ version: 5, digest: shardMark(0, 5) }));
    expect(kind.held.version).toBe(5);
    // Shard 1 of the new run, which knows of a shard 0 that has not come yet.
    put(sealedAs({ shard: 1, counter: 2, version: 2, digest: (shardMark(0, 1) + shardMark(1, 2)) >>> 0 }));
    expect(kind.held.version).toBe(0);
    put(sealedAs({ shard: 0, counter: 2, version: 1, digest: shardMark(0, 1) }));
    expect(kind.held).toMatchObject({ epoch: 2 * 2 ** 32, version: 2 });
  });

  it("believes the record that won where two have one version", () => {
    const kind = new KindRecords();
    const slot = slotFor(sealedAs({ digest: 7, body: "a" }));
    kind.slots.set(0, slot);
    kind.install(slot, slot.current!);
    expect(kind.held.version).toBe(0);
    kind.install(slot, sealedAs({ digest: shardMark(0, 1), body: "b" }));
    expect(kind.held.version).toBe(1);
  });
});

describe("A walk", () => {
  /** A database with one peer that the test plays. */
  function withPeer() {
    const time = new VirtualTime();
    const questions: number[] = [];
    const wants: string[] = [];
    const db = new RecordDatabase({
      world: time.world(seededRandom(3)),
      self: "bob",
      epoch: 2 ** 32,
      send: (_peer, payload) => {
        readMessage(payload, {
          onRecord: () => {},
          onAck: () => {},
          onBuckets: (walk) => void questions.push(walk),
          onKeys: () => {},
          onWant: ({ origin }) => void wants.push(origin),
        });
      },
      persist: (_records, _removed, done) => done(undefined),
      onInstalled: () => {},
      onPurged: () => {},
      onNotice: () => {},
    });
    const answer = (walk: number, origins: readonly string[], { kind = 0, part = 0, parts = 1 } = {}) => {
      const keys = origins.map((origin) => ({ origin, kind, shard: 0, epoch: 2 ** 32, version: 1, hashLow: 1 }));
      const writer = new MessageWriter({ bytesMax: 1e6 });
      const send = (payload: Uint8Array) => db.receive("alice", payload);
      writer.compose(send, () => writer.keys({ walk, part, parts, left: new Uint8Array(32), keys }));
    };
    db.adjacencyUp("alice");
    return { db, time, questions, wants, answer };
  }

  it("asks anew for what does not come, and is content when the peer has it no more", () => {
    const { db, time, questions, wants, answer } = withPeer();
    answer(questions[0], ["dave"]);
    expect(wants).toEqual(["dave"]);
    expect(db.synced("alice")).toBe(false);
    time.run(5000);
    expect(questions.length).toBeGreaterThan(1);
    answer(questions.at(-1)!, []);
    expect(db.synced("alice")).toBe(true);
  });

  it("does not ask for records of kinds that it could not keep", () => {
    const { db, questions, wants, answer } = withPeer();
    answer(questions[0], ["dave"], { kind: 9 });
    expect(wants).toEqual([]);
    expect(db.synced("alice")).toBe(true);
  });

  it("needs every part of an answer, in any order, each once", () => {
    const { db, questions, wants, answer } = withPeer();
    answer(questions[0], [], { part: 1, parts: 2 });
    answer(questions[0], [], { part: 1, parts: 2 });
    expect(db.synced("alice")).toBe(false);
    answer(questions[0], [], { part: 0, parts: 2 });
    expect(db.synced("alice")).toBe(true);
    expect(wants).toEqual([]);
  });

  it("takes no answer to a question that was not asked", () => {
    const { db, questions, wants, answer } = withPeer();
    answer(questions[0] + 1, ["dave"]);
    answer(questions[0] - 1, ["dave"]);
    expect(wants).toEqual([]);
    expect(db.synced("alice")).toBe(false);
  });
});
