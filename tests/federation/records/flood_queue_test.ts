import { describe, expect, it } from "bun:test";

import { readMessage } from "../../../federation/routing/records/db_message.ts";
import { FloodQueue } from "../../../federation/routing/records/flood_queue.ts";
import type { Slot } from "../../../federation/routing/records/kind_records.ts";
import { MessageWriter } from "../../../federation/routing/records/message_writer.ts";
import { DEFAULT_RECORDS_OPTIONS, type RecordsOptions } from "../../../federation/routing/records/records_options.ts";
import { seal } from "../../../federation/routing/records/sealed_record.ts";

const FIRST_TAG = 0xfffffffe;

function aSlot(shard: number, { version = 1, expiresAt = 1e9, bytes = 1 } = {}): Slot {
  const record = { origin: "alice", kind: 1, shard, epoch: 2 ** 32, version, body: new Uint8Array(bytes).fill(1) };
  return { origin: "alice", kind: 1, shard, current: seal(record), installed: undefined, expiresAt };
}

function aQueue(options: Partial<RecordsOptions> = {}) {
  const queue = new FloodQueue({ ...DEFAULT_RECORDS_OPTIONS, ...options }, FIRST_TAG);
  const writer = new MessageWriter({ bytesMax: 1e6 });
  /** What the queue sends: tags of records, and acknowledgements. */
  const flush = (now: number): { tags: number[]; acks: number[]; lives: number[] } => {
    const sent = { tags: [] as number[], acks: [] as number[], lives: [] as number[] };
    writer.compose((payload) => {
      readMessage(payload, {
        onRecord: (tag, lifetimeMs) => {
          sent.tags.push(tag);
          sent.lives.push(lifetimeMs);
        },
        onAck: (tag) => sent.acks.push(tag),
        onBuckets: () => {},
        onKeys: () => {},
        onWant: () => {},
      });
    }, () => queue.flush(writer, now));
    return sent;
  };
  return { queue, flush };
}

describe("FloodQueue", () => {
  it("sends a record once, and again only when it was not acknowledged in time", () => {
    const { queue, flush } = aQueue();
    queue.offer(aSlot(0));
    expect(flush(0).tags).toEqual([FIRST_TAG]);
    expect([flush(100).tags, queue.dueAt]).toEqual([[], 300]);
    queue.timeOut(300);
    expect(flush(300).tags).toEqual([FIRST_TAG]);
    expect([flush(301).tags, queue.retransmitted, queue.hasWork]).toEqual([[], 1, false]);
  });

  it("is done with what was acknowledged", () => {
    const { queue, flush } = aQueue();
    queue.offer(aSlot(0));
    flush(0);
    queue.acknowledge(FIRST_TAG, 40);
    queue.timeOut(10_000);
    expect([flush(10_000).tags, queue.hasWork, queue.timeoutMs]).toEqual([[], false, 100]);
  });

  it("does not send again what was acknowledged late, but before it was sent again", () => {
    const { queue, flush } = aQueue();
    queue.offer(aSlot(0));
    flush(0);
    queue.timeOut(300);
    queue.acknowledge(FIRST_TAG, 301);
    expect([queue.hasWork, flush(302).tags]).toEqual([false, []]);
  });

  it("waits longer each time that nothing comes back, up to a bound", () => {
    const { queue, flush } = aQueue();
    queue.offer(aSlot(0));
    const waits: number[] = [];
    let now = 0;
    for (let i = 0; i < 7; i++) {
      flush(now);
      waits.push(queue.dueAt - now);
      now = queue.dueAt;
      queue.timeOut(now);
    }
    expect(waits).toEqual([300, 600, 1200, 2400, 4800, 5000, 5000]);
  });

  it("waits shortly again once an answer shows that the peer is there", () => {
    const { queue, flush } = aQueue();
    queue.offer(aSlot(0));
    flush(0);
    queue.timeOut(300);
    flush(300);
    expect(queue.timeoutMs).toBe(600);
    queue.offer(aSlot(1));
    flush(310);
    queue.acknowledge(0xffffffff, 350);
    expect(queue.timeoutMs).toBe(100);
  });

  it("gives tags on over their largest number", () => {
    const { queue, flush } = aQueue();
    for (let shard = 0; shard < 3; shard++) queue.offer(aSlot(shard));
    expect(flush(0).tags).toEqual([FIRST_TAG, 0xffffffff, 0]);
    queue.acknowledge(0, 1);
    queue.timeOut(300);
    expect(flush(300).tags).toEqual([FIRST_TAG, 0xffffffff]);
  });

  it("keeps to its window", () => {
    const { queue, flush } = aQueue({ windowBytes: 2500 });
    for (let shard = 0; shard < 5; shard++) queue.offer(aSlot(shard, { bytes: 1000 }));
    expect(flush(0).tags).toHaveLength(3);
    expect([flush(1).tags, queue.hasWork]).toEqual([[], true]);
    queue.acknowledge(FIRST_TAG, 2);
    expect(flush(3).tags).toHaveLength(1);
  });

  it("sends the newest version, and forgets the one before", () => {
    const { queue, flush } = aQueue();
    const slot = aSlot(0);
    queue.offer(slot);
    flush(0);
    slot.current = aSlot(0, { version: 2 }).current;
    queue.offer(slot);
    expect(flush(1).tags).toEqual([0xffffffff]);
    queue.acknowledge(FIRST_TAG, 2);
    queue.timeOut(400);
    expect(flush(400).tags).toEqual([0xffffffff]);
  });

  it("does not offer again what is in flight as it is", () => {
    const { queue, flush } = aQueue();
    const slot = aSlot(0);
    queue.offer(slot);
    flush(0);
    queue.offer(slot);
    expect([queue.hasWork, flush(1).tags]).toEqual([false, []]);
  });

  it("spares what the peer turned out to have, unless it is in flight", () => {
    const { queue, flush } = aQueue();
    const [waiting, flying] = [aSlot(0), aSlot(1)];
    queue.offer(flying);
    flush(0);
    queue.offer(waiting);
    queue.spare(waiting);
    queue.spare(flying);
    expect(flush(1).tags).toEqual([]);
    queue.timeOut(300);
    expect(flush(300).tags).toEqual([FIRST_TAG]);
  });

  it("drops what is in flight, too", () => {
    const { queue, flush } = aQueue();
    const slot = aSlot(0);
    queue.offer(slot);
    flush(0);
    queue.drop(slot);
    queue.timeOut(300);
    expect([flush(300).tags, queue.dueAt]).toEqual([[], Infinity]);
  });

  it("tells how long a record has to live, and sends none whose life is over", () => {
    const { queue, flush } = aQueue();
    for (const [shard, expiresAt] of [[0, 100], [1, 10.5], [2, 10.9]] as const) {
      queue.offer(aSlot(shard, { expiresAt }));
    }
    expect(flush(10).lives).toEqual([90]);
  });

  it("tells acknowledgements once", () => {
    const { queue, flush } = aQueue();
    queue.owe(5);
    queue.owe(6);
    expect(queue.hasWork).toBe(true);
    expect([flush(0).acks, flush(1).acks, queue.hasWork]).toEqual([[5, 6], [], false]);
  });

  it("knows no tags but its own", () => {
    const { queue, flush } = aQueue();
    queue.offer(aSlot(0));
    flush(0);
    for (const tag of [FIRST_TAG - 1, FIRST_TAG + 1, 0, 77]) queue.acknowledge(tag, 1);
    queue.timeOut(300);
    expect(flush(300).tags).toEqual([FIRST_TAG]);
  });
});
