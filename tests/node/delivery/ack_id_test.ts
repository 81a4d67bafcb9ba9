import { describe, expect, it } from "bun:test";

import { openTestNode, type TestNode } from "../../support/test_node.ts";

async function openWithPulled(): Promise<TestNode & { readonly ackId: string }> {
  const fixture = await openTestNode();
  await fixture.node.subscriptions.put("a", {});
  await fixture.publish({ id: "1" });
  return Object.assign(fixture, { ackId: await pullOne(fixture) });
}

async function pullOne({ node }: TestNode, id = "a"): Promise<string> {
  const [{ ackId }] = await node.subscriptions.pull(id, { max: 1, waitMs: 0 });
  return ackId;
}

async function settle({ node }: TestNode, settlement: Record<string, unknown>, id = "a") {
  const { acknowledged, stale } = await node.subscriptions.settle(id, settlement);
  return { acknowledged, reasons: stale.map(({ reason }) => reason) };
}

const UNKNOWN = { acknowledged: 0, reasons: ["UNKNOWN"] };

describe("An acknowledgement is stale", () => {
  it("of a position that the log has not reached", async () => {
    await using fixture = await openWithPulled();
    expect(await settle(fixture, { ack: [fixture.ackId.replace(/^a1/, "a99")] })).toEqual(UNKNOWN);
  });

  it("of an attempt that never was, and leaves the event out", async () => {
    await using fixture = await openWithPulled();
    expect(await settle(fixture, { ack: [fixture.ackId.replace(".1.", ".2.")] })).toEqual(UNKNOWN);
    await fixture.clock.advance(30_000);
    expect(await fixture.node.subscriptions.pull("a", { max: 1, waitMs: 0 })).toHaveLength(1);
  });

  it("of an event that another subscription pulled", async () => {
    await using fixture = await openWithPulled();
    await fixture.node.subscriptions.put("b", { config: { since: "earliest" } });
    expect(await settle(fixture, { ack: [fixture.ackId] }, "b")).toEqual(UNKNOWN);
    expect(await fixture.node.subscriptions.pull("b", { max: 1, waitMs: 0 })).toHaveLength(1);
  });

  it("of an event of another log that had the same place, as after a restore", async () => {
    await using old = await openWithPulled();
    await using fixture = await openWithPulled();
    expect(await settle(fixture, { ack: [old.ackId] })).toEqual(UNKNOWN);
    expect(await settle(fixture, { ack: [fixture.ackId] })).toEqual({ acknowledged: 1, reasons: [] });
  });

  it("under an ackId without a mark, and is no error", async () => {
    await using fixture = await openWithPulled();
    expect(await settle(fixture, { ack: ["a1.1"], nack: [{ ackId: "a1.1" }], extend: ["a1.1"] })).toEqual({
      acknowledged: 0,
      reasons: ["UNKNOWN", "UNKNOWN", "UNKNOWN"],
    });
  });

  it("of an event that is no longer kept", async () => {
    await using fixture = await openTestNode({ retention: [{ pattern: ">", maxCount: 1 }] });
    await fixture.node.subscriptions.put("a", {});
    await fixture.publish({ id: "1" });
    const ackId = await pullOne(fixture);
    await settle(fixture, { ack: [ackId] });
    for (const id of ["2", "3"]) await fixture.publish({ id });
    await fixture.clock.advance(1000);
    expect(fixture.node.store.tail).toBe(2);
    expect(await settle(fixture, { ack: [ackId] })).toEqual({ acknowledged: 0, reasons: ["GONE"] });
  });
});

describe("An acknowledgement is none of the stale", () => {
  const taken = { acknowledged: 1, reasons: [] };

  it("when it is said again", async () => {
    await using fixture = await openWithPulled();
    for (let i = 0; i < 2; i++) expect(await settle(fixture, { ack: [fixture.ackId] })).toEqual(taken);
  });

  it("when it comes after the lease, and the event does not come again", async () => {
    await using fixture = await openWithPulled();
    await fixture.clock.advance(30_000);
    expect(await settle(fixture, { ack: [fixture.ackId] })).toEqual(taken);
    expect(await fixture.node.subscriptions.pull("a", { max: 1, waitMs: 0 })).toEqual([]);
  });

  it("when the node was killed in between", async () => {
    await using fixture = await openWithPulled();
    await fixture.crash();
    expect(await settle(fixture, { ack: [fixture.ackId] })).toEqual(taken);
    await fixture.clock.advance(60_000);
    expect(await fixture.node.subscriptions.pull("a", { max: 1, waitMs: 0 })).toEqual([]);
  });

  it("when another member of the group says it", async () => {
    await using fixture = await openTestNode();
    for (const id of ["a", "b"]) await fixture.node.subscriptions.put(id, { config: { group: "g" } });
    await fixture.publish({ id: "1" });
    const ackId = await pullOne(fixture);
    expect(await settle(fixture, { ack: [ackId] }, "b")).toEqual(taken);
  });
});
