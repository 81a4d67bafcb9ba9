import { describe, expect, it } from "bun:test";

import { encodeLetter } from "../../node/dead_letter_format.ts";
import { openTestNode, type TestNode } from "../support/test_node.ts";

const retry = { attemptsMax: 1 };
const ackAll = { type: "acknowledged", status: 200 } as const;

/** Publishes events that a sink refuses for good, one after the other, a second apart. */
async function bury(fixture: TestNode, subscription: string, ids: readonly string[], type = "order.placed") {
  await fixture.node.subscriptions.put(subscription, {
    sink: "http://billing.test/hook",
    config: { retry, topic: type },
  });
  for (const id of ids) {
    await fixture.publish({ id, type });
    (await fixture.sinks.next(subscription)).answer({ type: "retry", reason: `the sink answered 500 to ${id}` });
    await fixture.clock.advance(1000);
  }
}

async function listIds(fixture: TestNode, query = {}): Promise<string[]> {
  const { letters } = await fixture.node.deadLetters.list(query, { limit: 1000 });
  return letters.map(({ event }) => event.attributes.id);
}

describe("DeadLetters", () => {
  it("say what died, of what, and after how many attempts", async () => {
    await using fixture = await openTestNode();
    await bury(fixture, "a", ["1"]);
    const { letters: [letter] } = await fixture.node.deadLetters.list({}, { limit: 1 });
    expect(letter).toMatchObject({
      subscription: "a",
      reason: "ATTEMPTS_EXHAUSTED",
      detail: "the sink answered 500 to 1",
      attempts: 1,
      topic: "order.placed",
      position: 1,
    });
    expect(await fixture.node.deadLetters.get(letter.id)).toEqual(letter);
  });

  it("list in order of death, a page at a time", async () => {
    await using fixture = await openTestNode();
    const ids = ["1", "2", "3", "4", "5"];
    await bury(fixture, "a", ids);
    const found: string[] = [];
    let after: string | undefined;
    for (let pages = 0; pages < 10; pages++) {
      const { letters, next } = await fixture.node.deadLetters.list({}, { after, limit: 2 });
      found.push(...letters.map(({ event }) => event.attributes.id));
      if (next === null) break;
      after = next;
    }
    expect(found).toEqual(ids);
  });

  it("are chosen by subscription, topic, time and id, and all of it must hold", async () => {
    await using fixture = await openTestNode();
    await bury(fixture, "a", ["1", "2"], "order.placed");
    await bury(fixture, "b", ["3"], "stock.moved");
    const [first, second] = (await fixture.node.deadLetters.list({}, { limit: 2 })).letters;
    expect(await listIds(fixture, { subscription: "b" })).toEqual(["3"]);
    expect(await listIds(fixture, { topic: "order.*" })).toEqual(["1", "2"]);
    expect(await listIds(fixture, { before: second.at })).toEqual(["1"]);
    expect(await listIds(fixture, { after: first.at })).toEqual(["2", "3"]);
    expect(await listIds(fixture, { after: first.at, topic: "order.*" })).toEqual(["2"]);
    expect(await listIds(fixture, { ids: [second.id], subscription: "b" })).toEqual([]);
  });

  it("are purged by the same choice, in pages", async () => {
    await using fixture = await openTestNode();
    const { store, deadLetters } = fixture.node;
    await bury(fixture, "a", ["1"]);
    const { letters: [letter] } = await deadLetters.list({}, { limit: 1 });
    for (let i = 0; i < 450; i++) {
      const id = `${letter.id}-${i}`;
      await store.commit([], [{ key: `dead-letter/${id}`, value: encodeLetter({ ...letter, id, subscription: "b" }) }]);
    }
    expect(await deadLetters.purge({ subscription: "nobody" })).toBe(0);
    expect(await deadLetters.purge({ subscription: "b" })).toBe(450);
    expect(await listIds(fixture)).toEqual(["1"]);
  });
});

describe("WeftNode.redrive()", () => {
  it("delivers the event again with all its attempts before it, and the letter is gone", async () => {
    await using fixture = await openTestNode();
    await bury(fixture, "a", ["1"]);
    expect(await fixture.node.redrive({ subscription: "a" })).toEqual({ redriven: 1, orphaned: 0 });
    expect(await listIds(fixture)).toEqual([]);
    await fixture.clock.advance(1);
    const again = await fixture.sinks.next("a");
    expect([again.event.attributes.id, again.attempt]).toEqual(["1", 1]);
  });

  it("is not forgotten by a kill that follows at once", async () => {
    await using fixture = await openTestNode();
    await bury(fixture, "a", ["1"]);
    await fixture.node.redrive({});
    await fixture.crash();
    await fixture.clock.advance(1);
    expect((await fixture.sinks.next("a")).event.attributes.id).toBe("1");
    expect(await listIds(fixture)).toEqual([]);
  });

  it("delivers once what two ask for at the same time", async () => {
    await using fixture = await openTestNode();
    await bury(fixture, "a", ["1"]);
    const results = await Promise.all([fixture.node.redrive({}), fixture.node.redrive({})]);
    expect(results.reduce((sum, { redriven }) => sum + redriven, 0)).toBe(1);
    fixture.sinks.always = ackAll;
    const before = fixture.sinks.delivered;
    await fixture.clock.advance(60_000);
    expect(fixture.sinks.delivered - before).toBe(1);
  });

  it("leaves letters whose subscription is gone", async () => {
    await using fixture = await openTestNode();
    await bury(fixture, "a", ["1"]);
    await fixture.node.subscriptions.delete("a");
    expect(await fixture.node.redrive({})).toEqual({ redriven: 0, orphaned: 1 });
    expect(await listIds(fixture)).toEqual(["1"]);
  });

  it("waits with the delivery while the subscription is paused", async () => {
    await using fixture = await openTestNode();
    await bury(fixture, "a", ["1"]);
    await fixture.node.subscriptions.setPaused("a", true);
    await fixture.node.redrive({});
    await fixture.clock.advance(1000);
    expect(fixture.sinks.waiting("a")).toHaveLength(0);
    await fixture.node.subscriptions.setPaused("a", false);
    await fixture.clock.advance(1);
    expect((await fixture.sinks.next("a")).event.attributes.id).toBe("1");
  });

  it("delivers a copy of what retention has removed from the log", async () => {
    await using fixture = await openTestNode({ retention: [{ pattern: ">", maxCount: 1 }] });
    await bury(fixture, "a", ["1", "2", "3"]);
    await fixture.clock.advance(2000);
    expect(await fixture.node.store.get(1)).toBeUndefined();
    await fixture.node.redrive({});
    await fixture.clock.advance(1);
    const pushed = [await fixture.sinks.next("a"), await fixture.sinks.next("a"), await fixture.sinks.next("a")];
    expect(pushed.map(({ event }) => event.attributes.id).sort()).toEqual(["1", "2", "3"]);
    for (const { answer } of pushed) answer(ackAll);
    await fixture.clock.advance(1000);
    expect(await fixture.node.store.listState({ prefix: "redriven/", limit: 10 })).toHaveLength(0);
  });

  it("buries again what fails again, as another letter", async () => {
    await using fixture = await openTestNode();
    await bury(fixture, "a", ["1"]);
    await fixture.node.redrive({});
    await fixture.clock.advance(1);
    (await fixture.sinks.next("a")).answer({ type: "retry", reason: "500 again" });
    await fixture.clock.advance(1);
    const { letters } = await fixture.node.deadLetters.list({}, { limit: 10 });
    expect(letters.map(({ detail }) => detail)).toEqual(["500 again"]);
  });

  it("tells how far it is", async () => {
    await using fixture = await openTestNode();
    await bury(fixture, "a", ["1", "2"]);
    const progress: number[] = [];
    await fixture.node.redrive({}, (redriven) => progress.push(redriven));
    expect(progress).toEqual([1, 2]);
  });
});

describe("A dead letter that cannot be written", () => {
  it("leaves the event open: it is tried again and buried later", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { sink: "http://billing.test/hook", config: { retry } });
    await fixture.publish({ id: "1" });
    const push = await fixture.sinks.next("a");
    const { store } = fixture.node;
    const { commit } = store;
    store.commit = () => Promise.reject(new Error("disk"));
    push.answer({ type: "retry", reason: "500" });
    await fixture.clock.advance(10);
    store.commit = commit;
    expect(await listIds(fixture)).toEqual([]);
    await fixture.clock.advance(1000);
    (await fixture.sinks.next("a")).answer({ type: "retry", reason: "500" });
    await fixture.clock.advance(1);
    expect(await listIds(fixture)).toEqual(["1"]);
    expect(fixture.node.subscriptions.get("a")!.group.queue.counts.deadLettered).toBe(1);
  });
});
