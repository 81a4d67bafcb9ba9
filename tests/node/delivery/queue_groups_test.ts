import { describe, expect, it } from "bun:test";

import { decodeQueueState } from "../../../node/delivery/queue_state.ts";
import { groupKeyOf, LINGER_MS } from "../../../node/local_wants.ts";
import { StoreFullError } from "../../../node/mod.ts";
import { someEvents } from "../../support/events.ts";
import { openTestNode, type TestNode } from "../../support/test_node.ts";

const hook = { sink: "http://billing.test/hook" };

const stream = ({ node }: TestNode, options: { group?: string; since?: string; ack?: "explicit" } = {}) =>
  node.openStream({ group: "g", onReady: () => undefined, ...options });

async function pullIds({ node }: TestNode, id: string, max = 100): Promise<string[]> {
  const pulled = await node.subscriptions.pull(id, { max, waitMs: 0 });
  return pulled.map(({ delivery }) => delivery.stored.event.attributes.id);
}

const code = (attempt: Promise<unknown>) => attempt.then(() => undefined, (error) => error.code ?? error.name);

/** What the store holds of groups and queues. */
async function documents({ node }: TestNode): Promise<string[]> {
  const entries = await node.store.listState({ prefix: "", limit: 100 });
  return entries.map(({ key }) => key).filter((key) => /^(group|queue|redriven)\//.test(key));
}

/** Has the next commits that change state refused, as a full disk does. */
function refuseCommits({ node }: TestNode): () => void {
  const store = node.store as { commit: TestNode["node"]["store"]["commit"] };
  const { commit } = store;
  store.commit = () => Promise.reject(new StoreFullError("disk", { full: "disk", retryAfterMs: 1 }));
  return () => void (store.commit = commit);
}

describe("A new subscription", () => {
  it("begins where it was told to also when a kill follows at once", async () => {
    await using fixture = await openTestNode();
    await fixture.publish({ id: "1" });
    await fixture.node.subscriptions.put("a", {});
    await fixture.crash();
    await fixture.publish({ id: "2" });
    await fixture.clock.advance(1);
    expect(await pullIds(fixture, "a")).toEqual(["2"]);
  });

  it("leaves nothing behind when it cannot be written", async () => {
    await using fixture = await openTestNode();
    const allow = refuseCommits(fixture);
    expect(await code(fixture.node.subscriptions.put("a", {}))).toBe("StoreFullError");
    allow();
    await fixture.clock.advance(1000);
    expect(await documents(fixture)).toEqual([]);
    expect(fixture.node.subscriptions.size).toBe(0);
  });
});

describe("A group", () => {
  it("is one, also when its first members come at the same time", async () => {
    await using fixture = await openTestNode();
    const [alice, bob] = await Promise.all([stream(fixture), stream(fixture)]);
    await fixture.publish({ id: "1" });
    expect([...alice.take(10), ...bob.take(10)]).toHaveLength(1);
  });

  it("lives on for a stream that comes while its last subscription is deleted", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { ...hook, config: { group: "g" } });
    await fixture.publish({ id: "1" });
    const push = await fixture.sinks.next("a");
    const deleted = fixture.node.subscriptions.delete("a"); // waits for the delivery under way
    const alice = await stream(fixture);
    push.answer({ type: "acknowledged", status: 200 });
    await deleted;
    await fixture.publish({ id: "2" });
    await fixture.clock.advance(100);
    expect(alice.take(10).map(({ event }) => event.attributes.id)).toEqual(["2"]);
    await fixture.clock.advance(100); // its place is written by then
    await fixture.crash();
    await fixture.publish({ id: "3" });
    const again = await stream(fixture);
    await fixture.clock.advance(1);
    expect(again.take(10).map(({ event }) => event.attributes.id)).toEqual(["3"]);
  });

  it("begins anew for a stream that comes when it has just been forgotten", async () => {
    await using fixture = await openTestNode();
    await (await stream(fixture)).close();
    const before = fixture.clock.advance(LINGER_MS);
    const alice = stream(fixture);
    await before;
    await fixture.publish({ id: "1" });
    await fixture.clock.advance(100);
    expect((await alice).take(10)).toHaveLength(1);
    expect(await documents(fixture)).toEqual(["group/group:g", "queue/group:g"]);
  });

  it("does not count a stream out twice that is closed twice", async () => {
    await using fixture = await openTestNode();
    const [alice, bob] = [await stream(fixture), await stream(fixture)];
    await alice.close();
    await alice.close();
    await fixture.clock.advance(LINGER_MS * 2);
    await fixture.publish({ id: "1" });
    expect(bob.take(10)).toHaveLength(1);
  });

  it("leaves no document behind when it is forgotten", async () => {
    await using fixture = await openTestNode();
    const alice = await stream(fixture);
    await fixture.publish({ id: "1" });
    alice.take(10);
    await alice.close();
    await fixture.clock.advance(LINGER_MS + 1000);
    expect(await documents(fixture)).toEqual([]);
  });

  it("is not redefined under a stream that has joined its only subscription", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { config: { group: "g" } });
    const alice = await stream(fixture);
    expect(await code(fixture.node.subscriptions.put("a", { config: { group: "g", topic: "stock.*" } }))).toBe(
      "GROUP_MISMATCH",
    );
    await fixture.publish({ id: "1" });
    expect(alice.take(10)).toHaveLength(1);
    await fixture.publish({ id: "2" });
    expect(await pullIds(fixture, "a")).toEqual(["2"]);
  });

  it("keeps what its members leave open when one of them is replaced by another group's", async () => {
    await using fixture = await openTestNode();
    for (const id of ["a", "b"]) await fixture.node.subscriptions.put(id, { config: { group: "g" } });
    await fixture.publish({ id: "1" });
    expect(await pullIds(fixture, "a")).toEqual(["1"]);
    await fixture.node.subscriptions.put("a", { config: { group: "other", ackTimeoutMs: 100 } });
    await fixture.clock.advance(30_000);
    expect(await pullIds(fixture, "b")).toEqual(["1"]);
  });
});

describe("A subscription whose change cannot be written", () => {
  it("goes on as it was when it was to be deleted", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", hook);
    const allow = refuseCommits(fixture);
    expect(await code(fixture.node.subscriptions.delete("a"))).toBe("StoreFullError");
    allow();
    await fixture.publish({ id: "1" });
    (await fixture.sinks.next("a")).answer({ type: "acknowledged", status: 200 });
    await fixture.node.subscriptions.delete("a");
    await fixture.clock.advance(1000);
    expect(await documents(fixture)).toEqual([]);
  });

  it("goes on as it was when it was to be replaced", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", hook);
    const allow = refuseCommits(fixture);
    expect(await code(fixture.node.subscriptions.put("a", { ...hook, config: { topic: "stock.*" } }))).toBe(
      "StoreFullError",
    );
    allow();
    await fixture.publish({ id: "1" });
    (await fixture.sinks.next("a")).answer({ type: "acknowledged", status: 200 });
    await fixture.clock.advance(1);
    expect(fixture.sinks.waiting("a")).toHaveLength(0);
  });
});

describe("A subscription that has expired", () => {
  const retention = [{ pattern: ">", maxCount: 1 }];

  it("holds nothing back in the log", async () => {
    await using fixture = await openTestNode({ retention });
    await fixture.node.subscriptions.put("a", { config: { expiresInMs: 1000 } });
    for (const id of ["1", "2", "3"]) await fixture.publish({ id });
    await fixture.clock.advance(1000);
    await fixture.clock.advance(1000);
    expect(fixture.node.store.stats().events).toBe(1);
    expect(fixture.node.dispatcher.interest.list()).toEqual([]);
  });

  it("rests after a restart as well, keeps its place, and goes on there when it is made anew", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { config: { expiresInMs: 1000 } });
    await fixture.publish({ id: "1" });
    await fixture.clock.advance(1000);
    await fixture.crash();
    await fixture.clock.advance(LINGER_MS * 2);
    expect(fixture.node.dispatcher.interest.list()).toEqual([]);
    expect(await code(fixture.node.subscriptions.seek("a", "earliest"))).toBe("SUBSCRIPTION_EXPIRED");
    await fixture.node.subscriptions.put("a", {});
    await fixture.clock.advance(1);
    expect(await pullIds(fixture, "a")).toEqual(["1"]);
  });

  it("does not take with it what a stream made of its group, when it is deleted", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { config: { expiresInMs: 1000, group: "g" } });
    await fixture.clock.advance(1000);
    await stream(fixture);
    await fixture.node.subscriptions.delete("a");
    expect(await documents(fixture)).toEqual(["group/group:g", "queue/group:g"]);
  });
});

describe("An idle subscription", () => {
  it("is not far behind after a kill, although nothing that it wants was published", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { config: { topic: "stock.*" } });
    await fixture.node.acceptBatch(someEvents(2000).map((event) => ({ topic: "order.placed", event })));
    await fixture.clock.advance(31_000);
    const saved = decodeQueueState((await fixture.node.store.readState("queue/sub:a"))!);
    expect(saved.scanned).toBe(2000);
  });
});

describe("Retention", () => {
  it("keeps what a group has yet to settle, and no more than that", async () => {
    await using fixture = await openTestNode({ retention: [{ pattern: ">", maxCount: 1 }] });
    await fixture.node.subscriptions.put("a", { config: { topic: "order.*" } });
    for (const id of ["1", "2"]) await fixture.publish({ id });
    for (const id of ["3", "4"]) await fixture.publish({ id, type: "stock.moved" });
    await fixture.clock.advance(1000);
    expect((await fixture.node.browse({ after: 0, limit: 10 })).events.map(({ position }) => position)).toEqual([
      1,
      2,
      4,
    ]);
  });
});

describe("A group that is known elsewhere", () => {
  const other = [{ cluster: "oslo", groupKey: "g:another", pattern: "stock.>" }];

  it("is not made here with another definition, which says where it is", async () => {
    await using fixture = await openTestNode();
    fixture.node.learnGroups((name) => name === "g" ? other : []);
    const refused = fixture.node.subscriptions.put("a", { config: { group: "g", topic: "order.>" } });
    await expect(refused).rejects.toThrow('"stock.>" in cluster "oslo"');
    expect(await code(stream(fixture))).toBe("GROUP_MISMATCH");
    expect(await documents(fixture)).toEqual([]);
  });

  it("is made here with the same definition", async () => {
    await using fixture = await openTestNode();
    const groupKey = groupKeyOf("g", { topic: "order.>" });
    fixture.node.learnGroups(() => [{ cluster: "oslo", groupKey, pattern: "order.>" }]);
    await fixture.node.subscriptions.put("a", { config: { group: "g", topic: "order.>" } });
    expect(fixture.node.subscriptions.size).toBe(1);
  });

  it("is not redefined here by its only subscription", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { config: { group: "g", topic: "order.>" } });
    const groupKey = groupKeyOf("g", { topic: "order.>" });
    fixture.node.learnGroups(() => [{ cluster: "oslo", groupKey, pattern: "order.>" }]);
    expect(await code(fixture.node.subscriptions.put("a", { config: { group: "g", topic: "user.>" } }))).toBe(
      "GROUP_MISMATCH",
    );
  });

  it("gets more members here when it is here already, whatever others say of it", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { config: { group: "g", topic: "order.>" } });
    fixture.node.learnGroups(() => other);
    await fixture.node.subscriptions.put("b", { config: { group: "g", topic: "order.>" } });
    expect(fixture.node.subscriptions.size).toBe(2);
  });

  it("may be called so here when it wants nothing of other clusters, and so may a subscription", async () => {
    await using fixture = await openTestNode();
    fixture.node.learnGroups(() => other);
    await fixture.node.subscriptions.put("a", { config: { group: "g", topic: "order.>", scope: "cluster" } });
    await fixture.node.subscriptions.put("g", { config: { topic: "order.>" } });
    expect(fixture.node.subscriptions.size).toBe(2);
  });
});
