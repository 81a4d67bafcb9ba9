import { describe, expect, it } from "bun:test";

import { encodeQueueState } from "../../../node/delivery/queue_state.ts";
import type { DeadLetter } from "../../../node/dead_letter_format.ts";
import { anEvent } from "../../support/events.ts";
import { openTestQueue } from "../../support/test_queue.ts";

const ids = (deliveries: readonly { stored: { event: { attributes: { id: string } } } }[]) =>
  deliveries.map(({ stored }) => stored.event.attributes.id);

function aLetter(position: number, id: string): DeadLetter {
  return {
    id: `letter-${position}`,
    subscription: "a",
    reason: "ATTEMPTS_EXHAUSTED",
    detail: "",
    attempts: 8,
    lastResponse: null,
    at: 0,
    topic: "order.placed",
    position,
    origin: "alice",
    epoch: 1,
    sequence: position,
    acceptedAt: 0,
    event: anEvent({ id }),
  };
}

describe("DeliveryQueue.take() of few events", () => {
  it("passes by those of a key that waits and gives the first of another key", async () => {
    await using fixture = await openTestQueue({ ordered: true });
    for (const [id, key] of [["a1", "a"], ["a2", "a"], ["a3", "a"], ["b1", "b"]]) {
      await fixture.appendEvent({ id, attributes: { partitionkey: key } });
    }
    expect(fixture.take(1)).toEqual(["a1"]);
    expect(fixture.take(1)).toEqual(["b1"]);
  });

  it("passes by those that were acknowledged before a kill", async () => {
    await using fixture = await openTestQueue();
    await fixture.append("1", "2", "3");
    fixture.queue.acknowledge(1);
    fixture.queue.acknowledge(2);
    expect(fixture.take(1)).toEqual(["3"]);
  });
});

describe("DeliveryQueue memory", () => {
  it("keeps nothing of settled events until their lease would have ended", async () => {
    await using fixture = await openTestQueue();
    for (let round = 0; round < 40; round++) {
      await fixture.append(...Array.from({ length: 25 }, (_, i) => `${round}-${i}`));
      for (const { stored } of fixture.queue.take(25, 86_400_000)) fixture.queue.acknowledge(stored.position);
    }
    expect(fixture.queue.waiting).toBeLessThan(200);
  });

  it("does not grow with the extensions of a lease", async () => {
    await using fixture = await openTestQueue();
    await fixture.append("1");
    fixture.take(1, 86_400_000);
    for (let i = 0; i < 1000; i++) fixture.queue.extend(1, 86_400_000);
    expect(fixture.queue.waiting).toBeLessThan(200);
  });

  it("forgets acknowledgements of positions that it has passed", async () => {
    await using fixture = await openTestQueue({ pattern: "order.*" });
    await fixture.appendEvent({ id: "other", type: "stock.moved" });
    const sought = fixture.queue.seek(0);
    fixture.queue.acknowledge(1);
    await sought;
    await fixture.append("1");
    fixture.take();
    await fixture.queue.flush();
    const state = JSON.parse(new TextDecoder().decode(await fixture.store.readState("queue/test")));
    expect(state.ahead).toEqual([]);
  });
});

describe("DeliveryQueue.seek()", () => {
  it("frees the places of what members still have", async () => {
    await using fixture = await openTestQueue();
    await fixture.append("1", "2");
    fixture.take(2, 1000);
    await fixture.queue.seek(0);
    expect(fixture.queue.inFlight).toBe(0);
    await fixture.clock.advance(0);
    expect(fixture.take(2, 1000)).toEqual(["1", "2"]);
    expect(fixture.queue.inFlight).toBe(2);
  });

  it("is not undone by the end of a delivery that began before it", async () => {
    await using fixture = await openTestQueue();
    await fixture.append("1");
    fixture.take();
    const ending = fixture.queue.settleAs("deadLettered", 1, []);
    await fixture.queue.seek(0);
    await ending;
    await fixture.clock.advance(0);
    expect(fixture.take()).toEqual(["1"]);
    fixture.queue.acknowledge(1);
    expect(fixture.queue.inFlight).toBe(0);
  });
});

describe("An event that is open beyond the place in the log", () => {
  const state = {
    scanned: 0,
    fresh: [1],
    tried: [],
    ahead: [],
    counts: { acknowledged: 0, filtered: 0, expired: 0, deadLettered: 0, evicted: 0 },
  };

  it("is delivered once", async () => {
    await using fixture = await openTestQueue();
    await fixture.append("1", "2");
    await fixture.store.commit([], [{ key: "queue/test", value: encodeQueueState(state) }]);
    const queue = await fixture.reopen();
    await fixture.clock.advance(0);
    expect(ids(queue.take(10))).toEqual(["1", "2"]);
    await queue.close();
  });

  it("does not come back once it is acknowledged", async () => {
    await using fixture = await openTestQueue({ openMax: 1 });
    await fixture.append("1", "2");
    await fixture.store.commit([], [{ key: "queue/test", value: encodeQueueState(state) }]);
    const queue = await fixture.reopen();
    await fixture.clock.advance(0);
    expect(ids(queue.take(1))).toEqual(["1"]);
    queue.acknowledge(1);
    expect(ids(queue.take(10))).toEqual(["2"]);
    await queue.close();
  });
});

describe("DeliveryQueue.retryLater()", () => {
  it("tells a member that found no room", async () => {
    await using fixture = await openTestQueue();
    await fixture.append("1");
    fixture.take();
    let told = 0;
    fixture.queue.join({ onReady: () => told++ });
    fixture.queue.askForRoom();
    fixture.queue.retryLater(1, 60_000);
    expect(told).toBe(1);
  });
});

describe("DeliveryQueue.readmit()", () => {
  it("delivers an event once that is readmitted twice at the same time", async () => {
    await using fixture = await openTestQueue();
    await fixture.append("1");
    fixture.take();
    fixture.queue.acknowledge(1);
    await Promise.all([1, 2].map(() => fixture.queue.readmit(aLetter(1, "1"), [])));
    await fixture.clock.advance(0);
    expect(fixture.take()).toEqual(["1"]);
  });

  it("brings back an event that retention has removed, also after a restart, and then drops its copy", async () => {
    await using fixture = await openTestQueue({ from: 7 });
    await fixture.queue.readmit(aLetter(7, "gone"), []);
    const queue = await fixture.reopen();
    await fixture.clock.advance(0);
    expect(ids(queue.take(10))).toEqual(["gone"]);
    queue.acknowledge(7);
    await queue.flush();
    await fixture.clock.advance(0);
    expect(await fixture.store.listState({ prefix: "redriven/", limit: 10 })).toHaveLength(0);
    await queue.close();
  });

  it("drops the copy also when the event is settled before it was read again", async () => {
    await using fixture = await openTestQueue({ from: 7 });
    await fixture.queue.readmit(aLetter(7, "gone"), []);
    const queue = await fixture.reopen();
    queue.acknowledge(7);
    await queue.flush();
    await fixture.clock.advance(0);
    expect(await fixture.store.listState({ prefix: "redriven/", limit: 10 })).toHaveLength(0);
    await queue.close();
  });

  it("leaves no copy behind when the queue goes on elsewhere", async () => {
    await using fixture = await openTestQueue({ from: 7 });
    await fixture.queue.readmit(aLetter(7, "gone"), []);
    await fixture.queue.seek(8);
    await fixture.clock.advance(0);
    expect(await fixture.store.listState({ prefix: "redriven/", limit: 10 })).toHaveLength(0);
  });

  it("gives an event whose time to live is over another chance: somebody asked for it by name", async () => {
    await using fixture = await openTestQueue();
    await fixture.appendEvent({ id: "short", ttlMs: 100 });
    fixture.take();
    await fixture.queue.settleAs("deadLettered", 1, []);
    await fixture.clock.advance(1000);
    await fixture.queue.readmit(aLetter(1, "short"), []);
    await fixture.clock.advance(0);
    expect(fixture.take()).toEqual(["short"]);
  });

  it("puts an event of an ordered queue behind those of its key", async () => {
    await using fixture = await openTestQueue({ ordered: true });
    await fixture.append("1", "2", "3");
    fixture.take(1);
    await fixture.queue.settleAs("deadLettered", 1, []);
    await fixture.clock.advance(0);
    expect(fixture.take(10)).toEqual(["2"]);
    await fixture.queue.readmit(aLetter(1, "1"), []);
    await fixture.clock.advance(0);
    expect(fixture.take(10)).toEqual([]);
    fixture.queue.acknowledge(2);
    await fixture.clock.advance(0);
    expect(fixture.take(10)).toEqual(["3"]);
    fixture.queue.acknowledge(3);
    await fixture.clock.advance(0);
    expect(fixture.take(10)).toEqual(["1"]);
  });

  it("does nothing to a queue that is closed: the letter stays", async () => {
    await using fixture = await openTestQueue();
    await fixture.append("1");
    fixture.take();
    fixture.queue.acknowledge(1);
    await fixture.queue.close();
    expect(await fixture.queue.readmit(aLetter(1, "1"), [])).toBe(false);
  });
});

describe("A closed DeliveryQueue", () => {
  it("writes nothing any more", async () => {
    await using fixture = await openTestQueue();
    await fixture.append("1");
    fixture.take();
    await fixture.queue.close();
    await fixture.store.commit([], [{ key: "queue/test", value: undefined }]);
    fixture.queue.acknowledge(1);
    const error = await fixture.queue.settleAs("deadLettered", 1, []).then(() => undefined, (e) => e);
    await fixture.queue.flush();
    expect(await fixture.store.readState("queue/test")).toBeUndefined();
    expect(error === undefined || error instanceof Error).toBe(true);
  });

  it("says nothing of a read that fails because the store is closed", async () => {
    await using fixture = await openTestQueue();
    await fixture.append("1");
    fixture.take();
    fixture.queue.retryLater(1, 60_000);
    await fixture.queue.close();
    await fixture.store.close();
    await fixture.clock.advance(120_000);
    expect(fixture.errors).toEqual([]);
  });
});
