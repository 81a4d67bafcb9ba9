import { describe, expect, it } from "bun:test";

import { StoreFullError } from "../../../node/mod.ts";
import { anEvent } from "../../support/events.ts";
import { openTestNode, type TestNode } from "../../support/test_node.ts";

const hook = { sink: "http://billing.test/hook" };
const acknowledged = { type: "acknowledged", status: 200 } as const;

const counts = ({ node }: TestNode, id = "a") => node.subscriptions.get(id)!.group.queue.counts;

async function troubles({ node }: TestNode): Promise<string[]> {
  const pulled = await node.subscriptions.pull("trouble", { max: 100, waitMs: 0 });
  return pulled.map(({ delivery }) => delivery.stored.topic);
}

describe("A sink's reply", () => {
  const refused = { ...acknowledged, reply: anEvent({ type: "weft-system.dead-letter" }) };

  it("that the node refuses is told of, and the delivery is over", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { ...hook, config: { maxInFlight: 1 } });
    for (const id of ["1", "2"]) await fixture.publish({ id });
    (await fixture.sinks.next("a")).answer(refused);
    (await fixture.sinks.next("a")).answer(acknowledged);
    await fixture.clock.advance(60_000);
    expect(counts(fixture).acknowledged).toBe(2);
    expect(fixture.node.subscriptions.get("a")!.worker!.stats.lastError).toContain("reply was not published");
    expect(fixture.errors).toEqual([]);
  });

  it("for which there is no room is asked for again by another attempt", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { ...hook, config: { topic: "order.*" } });
    await fixture.publish({ id: "1" });
    const { store } = fixture.node;
    const { commit } = store;
    store.commit = (entries, changes) =>
      entries.length === 0
        ? commit(entries, changes)
        : Promise.reject(new StoreFullError("full", { full: "cap", retryAfterMs: 1 }));
    (await fixture.sinks.next("a")).answer({ ...acknowledged, reply: anEvent({ type: "reply.made" }) });
    await fixture.clock.advance(1);
    store.commit = commit;
    await fixture.clock.advance(1000);
    const again = await fixture.sinks.next("a");
    expect(again.attempt).toBe(2);
    again.answer({ ...acknowledged, reply: anEvent({ type: "reply.made" }) });
    await fixture.clock.advance(1);
    expect(counts(fixture).acknowledged).toBe(1);
  });
});

describe("A sink that is gone", () => {
  const gone = { type: "pause", reason: "the sink answered 410" } as const;

  it("is asked no more, and told of once", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("trouble", { config: { topic: "weft-system.>" } });
    await fixture.node.subscriptions.put("a", hook);
    fixture.sinks.always = gone;
    for (let i = 0; i < 100; i++) await fixture.publish({ id: `${i}` });
    await fixture.clock.advance(5000);
    expect(fixture.sinks.delivered).toBeLessThanOrEqual(32);
    expect(await troubles(fixture)).toEqual(["weft-system.subscription.paused"]);
    expect(fixture.node.subscriptions.state(fixture.node.subscriptions.get("a")!)).toBe("paused");
  });

  it("does not pause the subscription that has replaced its own meanwhile", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", hook);
    await fixture.publish({ id: "1" });
    const push = await fixture.sinks.next("a");
    const replaced = fixture.node.subscriptions.put("a", { sink: "http://billing.test/other" });
    push.answer(gone);
    await replaced;
    await fixture.clock.advance(1);
    (await fixture.sinks.next("a")).answer(acknowledged);
    await fixture.clock.advance(1);
    expect(fixture.node.subscriptions.state(fixture.node.subscriptions.get("a")!)).toBe("active");
    expect(counts(fixture).acknowledged).toBe(1);
  });

  it("is asked again when the pause could not be written", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", hook);
    await fixture.publish({ id: "1" });
    const push = await fixture.sinks.next("a");
    const { store } = fixture.node;
    const { commit } = store;
    store.commit = () => Promise.reject(new StoreFullError("full", { full: "disk", retryAfterMs: 1 }));
    push.answer(gone);
    await fixture.clock.advance(1);
    store.commit = commit;
    await fixture.clock.advance(1000);
    (await fixture.sinks.next("a")).answer(acknowledged);
    await fixture.clock.advance(1);
    expect(counts(fixture).acknowledged).toBe(1);
  });
});

describe("PushWorker.stop()", () => {
  it("resolves for all who call it", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", hook);
    await fixture.publish({ id: "1" });
    const push = await fixture.sinks.next("a");
    const { worker } = fixture.node.subscriptions.get("a")!;
    const stopped = Promise.all([worker!.stop(10_000), worker!.stop(10_000)]);
    push.answer(acknowledged);
    await stopped;
    expect(worker!.inFlight).toBe(0);
  });

  it("cuts what is under way when its grace is over, and that counts as no attempt", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", hook);
    await fixture.publish({ id: "1" });
    const { signal } = await fixture.sinks.next("a");
    const paused = fixture.node.subscriptions.setPaused("a", true);
    await fixture.clock.advance(1000);
    await paused;
    expect(signal.aborted).toBe(true);
    await fixture.node.subscriptions.setPaused("a", false);
    await fixture.clock.advance(1);
    expect((await fixture.sinks.next("a")).attempt).toBe(1);
  });

  it("leaves no timer behind", async () => {
    await using fixture = await openTestNode();
    fixture.sinks.always = { type: "retry", reason: "500" };
    await fixture.node.subscriptions.put("a", { ...hook, protocolsettings: { mode: "batch" } });
    for (let i = 0; i < 20; i++) await fixture.publish({ id: `${i}` });
    await fixture.clock.advance(1);
    await fixture.node.subscriptions.delete("a");
    await fixture.clock.advance(60_000);
    expect(fixture.clock.pending).toBe(0);
  });
});

describe("A batch that fails", () => {
  it("is tried again in parts, so that one poison event dies alone", async () => {
    await using fixture = await openTestNode();
    const retry = { attemptsMax: 4, minMs: 100, maxMs: 100 };
    const protocolsettings = { mode: "batch", maxSize: 32, maxWaitMs: 10 };
    await fixture.node.subscriptions.put("a", { ...hook, config: { retry }, protocolsettings });
    for (let i = 0; i < 32; i++) await fixture.publish({ id: i === 13 ? "poison" : `${i}` });
    for (let i = 0; i < 100 && counts(fixture).deadLettered === 0; i++) {
      await fixture.clock.advance(50);
      for (const { events, answer } of fixture.sinks.waiting("a").splice(0)) {
        answer(
          events.some(({ attributes }) => attributes.id === "poison") ? { type: "retry", reason: "500" } : acknowledged,
        );
      }
    }
    await fixture.clock.advance(1);
    expect(counts(fixture)).toMatchObject({ acknowledged: 31, deadLettered: 1 });
    const { letters } = await fixture.node.deadLetters.list({}, { limit: 10 });
    expect(letters.map(({ event }) => event.attributes.id)).toEqual(["poison"]);
  });
});

describe("A sink that breaks its promise and rejects", () => {
  it("is tried again as one that failed", async () => {
    await using fixture = await openTestNode();
    const open = fixture.sinks.factory.open;
    let broken = true;
    fixture.sinks.factory.open = (subscription) => {
      const sink = open(subscription);
      return { deliver: (...args) => broken ? Promise.reject(new Error("broken")) : sink.deliver(...args) };
    };
    await fixture.node.subscriptions.put("a", hook);
    await fixture.publish({ id: "1" });
    await fixture.clock.advance(1);
    broken = false;
    await fixture.clock.advance(500);
    expect((await fixture.sinks.next("a")).attempt).toBe(2);
  });
});

describe("A thousand dead sinks", () => {
  it("are given a bounded number of events, whatever is published", async () => {
    await using fixture = await openTestNode();
    fixture.sinks.always = { type: "retry", reason: "500" };
    for (let i = 0; i < 1000; i++) {
      await fixture.node.subscriptions.put(`dead-${i}`, { ...hook, config: { retry: { attemptsMax: 1000 } } });
    }
    const publish = async (count: number) => {
      for (let i = 0; i < count; i++) await fixture.publish({});
      await fixture.clock.advance(1000);
    };
    const sizes = () => {
      const queues = [...fixture.node.subscriptions].map(({ group }) => group.queue);
      return { waiting: queues.reduce((sum, { waiting }) => sum + waiting, 0), timers: fixture.clock.pending };
    };
    await publish(50);
    const before = sizes();
    await publish(50);
    const after = sizes();
    expect(after.timers - before.timers).toBeLessThanOrEqual(1000);
    expect(after.waiting - before.waiting).toBeLessThanOrEqual(3000);
    expect(before.waiting).toBeLessThanOrEqual(1000 * (32 + 64));
  }, 30_000);
});
