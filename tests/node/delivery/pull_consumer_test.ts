import { describe, expect, it } from "bun:test";

import { openTestNode, type TestNode } from "../../support/test_node.ts";

const code = (attempt: Promise<unknown>) => attempt.then(() => undefined, (error) => error.code);

async function pull(
  { node }: TestNode,
  id = "a",
  options: { max?: number; waitMs?: number; signal?: AbortSignal } = {},
) {
  const pulled = await node.subscriptions.pull(id, { max: 100, waitMs: 0, ...options });
  return pulled.map(({ ackId, delivery }) => ({ ackId, id: delivery.stored.event.attributes.id }));
}

describe("A pull that waits", () => {
  it("is answered when an acknowledgement makes room", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { config: { maxInFlight: 2 } });
    for (const id of ["1", "2", "3", "4"]) await fixture.publish({ id });
    const held = await pull(fixture);
    const waiting = pull(fixture, "a", { waitMs: 5000 });
    await fixture.node.subscriptions.settle("a", { ack: held.map(({ ackId }) => ackId) });
    expect((await waiting).map(({ id }) => id)).toEqual(["3", "4"]);
  });

  it("is answered when another member of the group makes room", async () => {
    await using fixture = await openTestNode();
    for (const id of ["a", "b"]) {
      await fixture.node.subscriptions.put(id, { config: { group: "g", maxInFlight: 1 } });
    }
    for (const id of ["1", "2", "3"]) await fixture.publish({ id });
    const held = [...await pull(fixture), ...await pull(fixture)];
    expect(held).toHaveLength(2);
    const waiting = pull(fixture, "b", { waitMs: 5000 });
    await fixture.node.subscriptions.settle("a", { ack: [held[0].ackId] });
    expect((await waiting).map(({ id }) => id)).toEqual(["3"]);
  });

  it("is answered with nothing when its client leaves, and takes nothing any more", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", {});
    const timers = fixture.clock.pending;
    const leave = new AbortController();
    const waiting = pull(fixture, "a", { waitMs: 5000, signal: leave.signal });
    leave.abort();
    expect(await waiting).toEqual([]);
    expect(fixture.clock.pending).toBe(timers);
    await fixture.publish({ id: "1" });
    expect(await pull(fixture, "a", { waitMs: 5000, signal: leave.signal })).toEqual([]);
    expect((await pull(fixture)).map(({ id }) => id)).toEqual(["1"]);
  });

  it("is answered with nothing when the subscription is replaced", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", {});
    const waiting = pull(fixture, "a", { waitMs: 5000 });
    await fixture.node.subscriptions.put("a", { config: { topic: "stock.*" } });
    expect(await waiting).toEqual([]);
  });

  it("is refused beyond a thousand others", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", {});
    const waiting = Array.from({ length: 1000 }, () => pull(fixture, "a", { waitMs: 5000 }));
    expect(await code(pull(fixture, "a", { waitMs: 5000 }))).toBe("TOO_MANY_PULLS");
    await fixture.clock.advance(5000);
    expect((await Promise.all(waiting)).flat()).toEqual([]);
  });

  it("is served in the order of coming", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", {});
    const [first, second] = [1, 2].map(() => pull(fixture, "a", { max: 1, waitMs: 5000 }));
    for (const id of ["1", "2"]) await fixture.publish({ id });
    expect([...await first, ...await second].map(({ id }) => id)).toEqual(["1", "2"]);
  });
});

describe("An acknowledgement", () => {
  it("counts while the subscription is paused: what was processed is processed", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", {});
    await fixture.publish({ id: "1" });
    const [{ ackId }] = await pull(fixture);
    await fixture.node.subscriptions.setPaused("a", true);
    expect((await fixture.node.subscriptions.settle("a", { ack: [ackId] })).acknowledged).toBe(1);
    await fixture.crash();
    await fixture.node.subscriptions.setPaused("a", false);
    await fixture.clock.advance(60_000);
    expect(await pull(fixture)).toEqual([]);
  });

  it("holds over a replacement that comes at the same time", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", {});
    await fixture.publish({ id: "1" });
    const [{ ackId }] = await pull(fixture);
    const replaced = fixture.node.subscriptions.put("a", { types: ["order.placed"] });
    await Promise.resolve();
    await Promise.all([replaced, fixture.node.subscriptions.settle("a", { ack: [ackId] })]);
    await fixture.clock.advance(60_000);
    expect(await pull(fixture)).toEqual([]);
  });
});

describe("A refusal", () => {
  it("buries an event once, also when it is said twice", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("trouble", { config: { topic: "weft-system.>" } });
    await fixture.node.subscriptions.put("a", { config: { retry: { attemptsMax: 1 } } });
    await fixture.publish({ id: "1" });
    const [{ ackId }] = await pull(fixture);
    await Promise.all([1, 2].map(() => fixture.node.subscriptions.settle("a", { nack: [{ ackId }] })));
    await fixture.clock.advance(1);
    expect((await fixture.node.deadLetters.list({}, { limit: 10 })).letters).toHaveLength(1);
    expect(await pull(fixture, "trouble")).toHaveLength(1);
  });
});
