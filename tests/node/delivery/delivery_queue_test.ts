import { describe, expect, it } from "bun:test";

import { openTestQueue } from "../../support/test_queue.ts";

describe("DeliveryQueue.take()", () => {
  it("gives events in the order of the log, each once", async () => {
    await using fixture = await openTestQueue();
    await fixture.append("a", "b", "c");
    expect(fixture.take(2)).toEqual(["a", "b"]);
    expect(fixture.take(2)).toEqual(["c"]);
    expect(fixture.take(2)).toEqual([]);
  });

  it("leaves out what the subscription does not want, and counts it", async () => {
    await using fixture = await openTestQueue({ accepts: ({ event }) => event.attributes.id !== "b" });
    await fixture.append("a", "b", "c");
    expect(fixture.take()).toEqual(["a", "c"]);
    expect(fixture.queue.counts.filtered).toBe(1);
  });

  it("takes no more than openMax unsettled events from the log, and goes on when one is settled", async () => {
    await using fixture = await openTestQueue({ openMax: 2 });
    await fixture.append("a", "b", "c");
    expect(fixture.take()).toEqual(["a", "b"]);
    fixture.queue.acknowledge(1);
    expect(fixture.take()).toEqual(["c"]);
  });

  it("tells a member that asked in vain when there is room again", async () => {
    await using fixture = await openTestQueue({ openMax: 1 });
    await fixture.append("a", "b");
    fixture.take();
    fixture.take();
    let told = 0;
    fixture.queue.join({ onReady: () => told++ });
    fixture.queue.acknowledge(1);
    expect(told).toBe(1);
  });

  it("settles an event whose time is over as expired instead of handing it out", async () => {
    await using fixture = await openTestQueue();
    await fixture.appendEvent({ id: "short", ttlMs: 100 });
    await fixture.appendEvent({ id: "long", ttlMs: 10_000 });
    await fixture.appendEvent({ id: "over", ttlMs: -1 });
    await fixture.clock.advance(100);
    expect(fixture.take()).toEqual(["long"]);
    expect(fixture.queue.counts.expired).toBe(2);
  });

  it("reads what it missed while it lagged behind the newest events", async () => {
    await using fixture = await openTestQueue({ openMax: 5000 });
    const ids = Array.from({ length: 2500 }, (_, i) => `${i}`);
    await fixture.append(...ids);
    const taken: string[] = [];
    for (let i = 0; i < 30; i++) {
      taken.push(...fixture.take(100));
      await fixture.clock.advance(1);
    }
    expect(taken).toEqual(ids);
  });
});

describe("DeliveryQueue leases", () => {
  it("bring an event back after their time, as a further attempt", async () => {
    await using fixture = await openTestQueue();
    await fixture.append("a");
    expect(fixture.queue.take(1, 1000)[0].attempt).toBe(1);
    await fixture.clock.advance(999);
    expect(fixture.take()).toEqual([]);
    await fixture.clock.advance(1);
    expect(fixture.queue.take(1, 1000)[0].attempt).toBe(2);
  });

  it("last longer when they are extended", async () => {
    await using fixture = await openTestQueue();
    await fixture.append("a");
    fixture.take(1, 1000);
    await fixture.clock.advance(900);
    fixture.queue.extend(1, 1000);
    await fixture.clock.advance(900);
    expect(fixture.take()).toEqual([]);
    await fixture.clock.advance(100);
    expect(fixture.take()).toEqual(["a"]);
  });

  it("end with a late acknowledgement too: the event was processed", async () => {
    await using fixture = await openTestQueue();
    await fixture.append("a");
    fixture.take(1, 1000);
    await fixture.clock.advance(1000);
    fixture.queue.acknowledge(1);
    expect(fixture.take()).toEqual([]);
    expect(fixture.queue.counts.acknowledged).toBe(1);
  });
});

describe("DeliveryQueue.retryLater()", () => {
  it("brings the event back after the delay, and lets others pass meanwhile", async () => {
    await using fixture = await openTestQueue();
    await fixture.append("a", "b");
    fixture.take(1);
    fixture.queue.retryLater(1, 500);
    expect(fixture.take()).toEqual(["b"]);
    await fixture.clock.advance(500);
    expect(fixture.take()).toEqual(["a"]);
  });

  it("reads an event again that waits too long to be held in memory", async () => {
    await using fixture = await openTestQueue();
    await fixture.append("a");
    fixture.take();
    fixture.queue.retryLater(1, 60_000);
    expect(fixture.queue.openAt(1)?.stored).toBeUndefined();
    await fixture.clock.advance(60_000);
    expect(fixture.take()).toEqual(["a"]);
  });

  it("takes the attempt back when it was none", async () => {
    await using fixture = await openTestQueue();
    await fixture.append("a");
    fixture.take();
    fixture.queue.retryLater(1, 0, false);
    await fixture.clock.advance(0);
    expect(fixture.queue.take(1)[0].attempt).toBe(1);
  });
});

describe("An ordered DeliveryQueue", () => {
  it("hands out one event of a key at a time, and other keys beside it", async () => {
    await using fixture = await openTestQueue({ ordered: true });
    for (const [id, key] of [["a1", "a"], ["a2", "a"], ["b1", "b"]]) {
      await fixture.appendEvent({ id, attributes: { partitionkey: key } });
    }
    expect(fixture.take()).toEqual(["a1", "b1"]);
    fixture.queue.acknowledge(1);
    await fixture.clock.advance(0);
    expect(fixture.take()).toEqual(["a2"]);
  });

  it("keeps a key waiting while its first event is retried", async () => {
    await using fixture = await openTestQueue({ ordered: true });
    await fixture.append("a", "b");
    fixture.take();
    fixture.queue.retryLater(1, 1000);
    expect(fixture.take()).toEqual([]);
    await fixture.clock.advance(1000);
    expect(fixture.take()).toEqual(["a"]);
  });

  it("keeps the order after a restart", async () => {
    await using fixture = await openTestQueue({ ordered: true });
    await fixture.append("a", "b", "c");
    fixture.take();
    await fixture.queue.flush();
    const queue = await fixture.reopen();
    await fixture.clock.advance(0);
    expect(queue.take(10).map(({ stored }) => stored.event.attributes.id)).toEqual(["a"]);
    await queue.close();
  });
});

describe("DeliveryQueue durability", () => {
  it("does not repeat what was acknowledged and flushed", async () => {
    await using fixture = await openTestQueue();
    await fixture.append("a", "b", "c");
    fixture.take();
    fixture.queue.acknowledge(2);
    await fixture.queue.flush();
    const queue = await fixture.reopen();
    await fixture.clock.advance(0);
    expect(queue.take(10).map(({ stored }) => stored.event.attributes.id)).toEqual(["a", "c"]);
    await queue.close();
  });

  it("remembers failed attempts and their delays, and does not count one that was under way", async () => {
    await using fixture = await openTestQueue();
    await fixture.append("failed", "running");
    fixture.take();
    fixture.queue.retryLater(1, 5000);
    await fixture.queue.flush();
    const queue = await fixture.reopen();
    await fixture.clock.advance(0);
    expect(queue.take(10).map(({ stored, attempt }) => [stored.event.attributes.id, attempt])).toEqual([[
      "running",
      1,
    ]]);
    await fixture.clock.advance(5000);
    expect(queue.take(10).map(({ stored, attempt }) => [stored.event.attributes.id, attempt])).toEqual([["failed", 2]]);
    await queue.close();
  });

  it("keeps an acknowledgement of an event that a restarted queue has not taken again", async () => {
    await using fixture = await openTestQueue({ openMax: 1 });
    await fixture.append("a", "b");
    fixture.queue.acknowledge(2);
    expect(fixture.take()).toEqual(["a"]);
    fixture.queue.acknowledge(1);
    expect(fixture.take()).toEqual([]);
    expect(fixture.queue.counts.acknowledged).toBe(2);
  });

  it("settles together with the documents that record it, or not at all", async () => {
    await using fixture = await openTestQueue();
    await fixture.append("a");
    fixture.take();
    const change = { key: "dead-letter/1", value: new Uint8Array([1]) };
    await fixture.queue.settleAs("deadLettered", 1, [change]);
    expect(await fixture.store.readState("dead-letter/1")).toEqual(new Uint8Array([1]));
    expect(fixture.queue.counts.deadLettered).toBe(1);
    expect(fixture.queue.settledUpTo).toBe(1);
  });

  it("says up to where everything is settled, whatever was settled beyond", async () => {
    await using fixture = await openTestQueue();
    await fixture.append("a", "b", "c");
    fixture.take();
    fixture.queue.acknowledge(3);
    expect(fixture.queue.settledUpTo).toBe(0);
    fixture.queue.acknowledge(1);
    expect(fixture.queue.settledUpTo).toBe(1);
    fixture.queue.acknowledge(2);
    expect(fixture.queue.settledUpTo).toBe(3);
  });
});

describe("DeliveryQueue.seek()", () => {
  it("forgets open events and begins again where it is told", async () => {
    await using fixture = await openTestQueue();
    await fixture.append("a", "b", "c");
    fixture.take();
    fixture.queue.acknowledge(1);
    await fixture.queue.seek(0);
    await fixture.clock.advance(0);
    expect(fixture.take()).toEqual(["a", "b", "c"]);
  });
});
