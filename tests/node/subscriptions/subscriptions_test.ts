import { describe, expect, it } from "bun:test";

import { anEvent } from "../../support/events.ts";
import { openTestNode, type TestNode } from "../../support/test_node.ts";

const hook = { sink: "http://billing.test/hook" };

async function pullIds({ node }: TestNode, id: string, max = 100): Promise<string[]> {
  const pulled = await node.subscriptions.pull(id, { max, waitMs: 0 });
  return pulled.map(({ delivery }) => delivery.stored.event.attributes.id);
}

const code = (attempt: Promise<unknown>) => attempt.then(() => undefined, (error) => error.code);

describe("Subscriptions", () => {
  it("begin with the next event, unless told otherwise", async () => {
    await using fixture = await openTestNode();
    await fixture.publish({ id: "1" });
    await fixture.publish({ id: "2" });
    for (const [id, since] of [["now", "now"], ["all", "earliest"], ["second", 2]] as const) {
      await fixture.node.subscriptions.put(id, { config: { since } });
    }
    await fixture.publish({ id: "3" });
    await fixture.clock.advance(1);
    expect(await pullIds(fixture, "now")).toEqual(["3"]);
    expect(await pullIds(fixture, "all")).toEqual(["1", "2", "3"]);
    expect(await pullIds(fixture, "second")).toEqual(["2", "3"]);
  });

  it("begin at a time", async () => {
    await using fixture = await openTestNode();
    await fixture.publish({ id: "1" });
    await fixture.clock.advance(10_000);
    const since = new Date(fixture.clock.wall()).toISOString();
    await fixture.publish({ id: "2" });
    await fixture.node.subscriptions.put("a", { config: { since } });
    await fixture.clock.advance(1);
    expect(await pullIds(fixture, "a")).toEqual(["2"]);
  });

  it("keep their place when they are replaced, also with another filter", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", {});
    await fixture.publish({ id: "1" });
    await fixture.publish({ id: "2", type: "order.cancelled" });
    const { created } = await fixture.node.subscriptions.put("a", { types: ["order.cancelled"] });
    await fixture.clock.advance(1);
    expect(created).toBe(false);
    expect(await pullIds(fixture, "a")).toEqual(["2"]);
  });

  it("survive a crash with what is unsettled", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", {});
    await fixture.publish({ id: "1" });
    await fixture.crash();
    await fixture.publish({ id: "2" });
    await fixture.clock.advance(1);
    expect(await pullIds(fixture, "a")).toEqual(["1", "2"]);
  });

  it("are gone, with their place, when they are deleted", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", {});
    await fixture.publish({ id: "1" });
    await fixture.node.subscriptions.delete("a");
    expect(await code(fixture.node.subscriptions.delete("a"))).toBe("SUBSCRIPTION_NOT_FOUND");
    await fixture.crash();
    expect(fixture.node.subscriptions.size).toBe(0);
    await fixture.node.subscriptions.put("a", {});
    expect(await pullIds(fixture, "a")).toEqual([]);
  });

  it("refuse a pull while paused, and go on where they were when resumed", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", {});
    await fixture.node.subscriptions.setPaused("a", true);
    await fixture.publish({ id: "1" });
    expect(await code(pullIds(fixture, "a"))).toBe("SUBSCRIPTION_PAUSED");
    await fixture.crash();
    expect(await code(pullIds(fixture, "a"))).toBe("SUBSCRIPTION_PAUSED");
    await fixture.node.subscriptions.setPaused("a", false);
    await fixture.clock.advance(1);
    expect(await pullIds(fixture, "a")).toEqual(["1"]);
  });

  it("end when their time is over", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { config: { expiresInMs: 1000 } });
    await fixture.clock.advance(1000);
    expect(await code(pullIds(fixture, "a"))).toBe("SUBSCRIPTION_EXPIRED");
    const consumer = fixture.node.subscriptions.get("a")!;
    expect((await fixture.node.subscriptions.status(consumer)).state).toBe("expired");
  });

  it("replay from where they are told to", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", {});
    for (const id of ["1", "2", "3"]) await fixture.publish({ id });
    expect(await pullIds(fixture, "a")).toEqual(["1", "2", "3"]);
    await fixture.node.subscriptions.seek("a", 2);
    await fixture.clock.advance(1);
    expect(await pullIds(fixture, "a")).toEqual(["2", "3"]);
  });

  it("refuse what cannot be met, by name", async () => {
    await using fixture = await openTestNode();
    const put = (body: unknown) => code(fixture.node.subscriptions.put("a", body));
    expect(await put({ protocol: "HTTP" })).toBe("INVALID_SUBSCRIPTION");
    expect(await put({ surprise: 1 })).toBe("INVALID_SUBSCRIPTION");
    expect(await put({ id: "b" })).toBe("INVALID_SUBSCRIPTION");
    expect(await put({ config: { topic: "a..b" } })).toBe("INVALID_PATTERN");
    expect(await put({ filters: [{ sql: "type =" }] })).toBe("INVALID_FILTER");
    expect(await put({ config: { since: "yesterday" } })).toBe("INVALID_CURSOR");
    expect(fixture.node.subscriptions.size).toBe(0);
  });

  it("do not get the node's own events unless they ask by name", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("all", { config: { topic: ">" } });
    await fixture.node.subscriptions.put("trouble", { config: { topic: "weft-system.>" } });
    fixture.node.announce("weft-system.dead-letter", {});
    await fixture.clock.advance(1);
    expect(await pullIds(fixture, "all")).toEqual([]);
    expect(await pullIds(fixture, "trouble")).toHaveLength(1);
  });
});

describe("A group", () => {
  it("gives each event to one member", async () => {
    await using fixture = await openTestNode();
    for (const id of ["a", "b"]) await fixture.node.subscriptions.put(id, { config: { group: "g" } });
    for (const id of ["1", "2"]) await fixture.publish({ id });
    expect(await pullIds(fixture, "a", 1)).toEqual(["1"]);
    expect(await pullIds(fixture, "b", 10)).toEqual(["2"]);
  });

  it("refuses a member that wants something else", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { config: { group: "g", topic: "order.>" } });
    expect(await code(fixture.node.subscriptions.put("b", { config: { group: "g", topic: ">" } }))).toBe(
      "GROUP_MISMATCH",
    );
  });

  it("keeps its place while one member is left", async () => {
    await using fixture = await openTestNode();
    for (const id of ["a", "b"]) await fixture.node.subscriptions.put(id, { config: { group: "g" } });
    await fixture.publish({ id: "1" });
    await fixture.node.subscriptions.delete("a");
    await fixture.clock.advance(1);
    expect(await pullIds(fixture, "b")).toEqual(["1"]);
  });
});

describe("PULL", () => {
  it("waits for an event that is not there yet", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", {});
    const waiting = fixture.node.subscriptions.pull("a", { max: 10, waitMs: 5000 });
    await fixture.publish({ id: "1" });
    expect((await waiting).map(({ delivery }) => delivery.stored.event.attributes.id)).toEqual(["1"]);
  });

  it("answers with nothing when its wait is over", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", {});
    const waiting = fixture.node.subscriptions.pull("a", { max: 10, waitMs: 5000 });
    await fixture.clock.advance(5000);
    expect(await waiting).toEqual([]);
  });

  it("gives out no more than maxInFlight unacknowledged events", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { config: { maxInFlight: 2 } });
    for (const id of ["1", "2", "3"]) await fixture.publish({ id });
    expect(await pullIds(fixture, "a")).toEqual(["1", "2"]);
    expect(await pullIds(fixture, "a")).toEqual([]);
  });

  it("brings a refused event back after the delay that the consumer names", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", {});
    await fixture.publish({ id: "1" });
    const [{ ackId }] = await fixture.node.subscriptions.pull("a", { max: 1, waitMs: 0 });
    await fixture.node.subscriptions.settle("a", { nack: [{ ackId, delayMs: 700 }] });
    await fixture.clock.advance(699);
    expect(await pullIds(fixture, "a")).toEqual([]);
    await fixture.clock.advance(1);
    const [{ delivery }] = await fixture.node.subscriptions.pull("a", { max: 1, waitMs: 0 });
    expect(delivery.attempt).toBe(2);
  });

  it("ends as a dead letter when nobody acknowledges, attempt after attempt", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { config: { ackTimeoutMs: 100, retry: { attemptsMax: 2 } } });
    await fixture.publish({ id: "1" });
    for (let attempt = 1; attempt <= 2; attempt++) {
      expect(await pullIds(fixture, "a")).toEqual(["1"]);
      await fixture.clock.advance(100);
    }
    expect(await pullIds(fixture, "a")).toEqual([]);
    await fixture.clock.advance(1);
    const { letters } = await fixture.node.deadLetters.list({}, { limit: 10 });
    expect(letters.map(({ reason, attempts }) => [reason, attempts])).toEqual([["ACK_TIMEOUT", 2]]);
  });

  it("tells nacks and extensions that came too late", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { config: { ackTimeoutMs: 100 } });
    await fixture.publish({ id: "1" });
    const [{ ackId }] = await fixture.node.subscriptions.pull("a", { max: 1, waitMs: 0 });
    await fixture.clock.advance(100);
    const late = { ackId, reason: "LEASE_OVER" };
    expect(await fixture.node.subscriptions.settle("a", { nack: [{ ackId }], extend: [ackId] })).toMatchObject({
      acknowledged: 0,
      nacked: 0,
      extended: 0,
      stale: [late, late],
    });
    expect(await code(fixture.node.subscriptions.settle("a", { ack: ["nonsense"] }))).toBe("INVALID_ACK_ID");
  });
});

describe("HTTP push", () => {
  it("has at most maxInFlight deliveries under way", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { ...hook, config: { maxInFlight: 2 } });
    for (const id of ["1", "2", "3"]) await fixture.publish({ id });
    await fixture.clock.advance(1);
    expect(fixture.sinks.waiting("a")).toHaveLength(2);
    (await fixture.sinks.next("a")).answer({ type: "acknowledged", status: 200 });
    await fixture.clock.advance(1);
    expect(fixture.sinks.waiting("a").map(({ event }) => event.attributes.id)).toEqual(["2", "3"]);
  });

  it("waits as long as the sink asks", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", hook);
    await fixture.publish({ id: "1" });
    (await fixture.sinks.next("a")).answer({ type: "retry", reason: "429", retryAfterMs: 20_000 });
    await fixture.clock.advance(19_999);
    expect(fixture.sinks.waiting("a")).toHaveLength(0);
    await fixture.clock.advance(1);
    expect(fixture.sinks.waiting("a")).toHaveLength(1);
  });

  it("resumes attempts and delays after a crash", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { ...hook, config: { retry: { minMs: 10_000 } } });
    await fixture.publish({ id: "1" });
    (await fixture.sinks.next("a")).answer({ type: "retry", reason: "500" });
    await fixture.clock.advance(100);
    await fixture.crash();
    await fixture.clock.advance(9_000);
    expect(fixture.sinks.waiting("a")).toHaveLength(0);
    await fixture.clock.advance(1_000);
    expect((await fixture.sinks.next("a")).attempt).toBe(2);
  });

  it("buries each event once when several die at the same time and a crash follows", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { ...hook, config: { retry: { attemptsMax: 1 } } });
    for (const id of ["1", "2", "3"]) await fixture.publish({ id });
    const deliveries = [await fixture.sinks.next("a"), await fixture.sinks.next("a"), await fixture.sinks.next("a")];
    for (const { answer } of deliveries) answer({ type: "retry", reason: "500" });
    const buried = async () => (await fixture.node.deadLetters.list({}, { limit: 10 })).letters.length;
    await fixture.eventually(async () => await buried() === 3);
    await fixture.crash();
    await fixture.publish({ id: "4" });
    expect((await fixture.sinks.next("a")).event.attributes.id).toBe("4");
    expect(await buried()).toBe(3);
  });

  it("pauses when the sink is gone, without counting the attempt, and says so", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("trouble", { config: { topic: "weft-system.>" } });
    await fixture.node.subscriptions.put("a", hook);
    await fixture.publish({ id: "1" });
    (await fixture.sinks.next("a")).answer({ type: "pause", reason: "the sink answered 410" });
    await fixture.clock.advance(1);
    const status = await fixture.node.subscriptions.status(fixture.node.subscriptions.get("a")!);
    expect(status).toMatchObject({ state: "paused", lastError: "the sink answered 410" });
    const [{ delivery }] = await fixture.node.subscriptions.pull("trouble", { max: 1, waitMs: 0 });
    expect(delivery.stored.topic).toBe("weft-system.subscription.paused");
    expect(fixture.sinks.delivered).toBe(1);
    await fixture.node.subscriptions.setPaused("a", false);
    await fixture.clock.advance(1);
    expect((await fixture.sinks.next("a")).attempt).toBe(1);
  });

  it("spares a sink that fails again and again, and tries one event at a time", async () => {
    await using fixture = await openTestNode();
    fixture.sinks.always = { type: "retry", reason: "500" };
    await fixture.node.subscriptions.put("a", { ...hook, config: { retry: { minMs: 1000, attemptsMax: 100 } } });
    for (let i = 0; i < 30; i++) await fixture.publish({ id: `${i}` });
    await fixture.clock.advance(1);
    const before = fixture.sinks.delivered;
    await fixture.clock.advance(1000);
    expect(fixture.sinks.delivered - before).toBeLessThanOrEqual(1);
    fixture.sinks.always = { type: "acknowledged", status: 200 };
    await fixture.clock.advance(10_000);
    expect(fixture.node.subscriptions.get("a")!.group.queue.counts.acknowledged).toBe(30);
  });

  it("costs another subscription nothing when it stands still", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("stuck", hook);
    await fixture.node.subscriptions.put("b", {});
    for (let i = 0; i < 200; i++) await fixture.publish({ id: `${i}` });
    expect(await pullIds(fixture, "b", 500)).toHaveLength(200);
    expect(fixture.node.subscriptions.get("stuck")!.group.queue.inFlight).toBe(32);
  });

  it("publishes an answer that is itself an event", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { ...hook, config: { topic: "order.*" } });
    await fixture.node.subscriptions.put("b", { config: { topic: "reply.*" } });
    await fixture.publish({ id: "1" });
    const reply = anEvent({ id: "r", type: "reply.made" });
    (await fixture.sinks.next("a")).answer({ type: "acknowledged", status: 200, reply });
    await fixture.clock.advance(1);
    expect(await pullIds(fixture, "b")).toEqual(["r"]);
  });

  it("fills batches, and sends what there is when it has waited long enough", async () => {
    await using fixture = await openTestNode();
    const protocolsettings = { mode: "batch", maxSize: 3, maxWaitMs: 200 };
    await fixture.node.subscriptions.put("a", { ...hook, protocolsettings });
    for (let i = 1; i <= 4; i++) await fixture.publish({ id: `${i}` });
    await fixture.clock.advance(1);
    expect((await fixture.sinks.next("a")).events).toHaveLength(3);
    expect(fixture.sinks.waiting("a")).toHaveLength(0);
    await fixture.clock.advance(200);
    expect((await fixture.sinks.next("a")).events).toHaveLength(1);
  });
});
