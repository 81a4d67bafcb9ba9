import { describe, expect, it } from "bun:test";

import { openTestNode, type TestNode, type TestNodeOptions } from "../../support/test_node.ts";

/** More than a queue holds in memory. */
const MANY = 1200;

async function openWithMetrics(config: Record<string, unknown> = {}, options: TestNodeOptions = {}): Promise<TestNode> {
  const fixture = await openTestNode(options);
  await fixture.node.subscriptions.put("a", { config: { topic: "metrics.>", ...config } });
  return fixture;
}

async function publish(fixture: TestNode, topic: string, events: number): Promise<void> {
  const head = fixture.node.store.head;
  for (let i = 0; i < events; i++) await fixture.publish({ id: `${head + i}`, topic });
}

async function lagOf({ node }: TestNode): Promise<{ lag: number; lagAtMost: boolean }> {
  const { lag, lagAtMost } = await node.subscriptions.status(node.subscriptions.require("a"));
  return { lag, lagAtMost };
}

describe("The lag of a subscription", () => {
  it("counts no events of other topics, though nobody pulls", async () => {
    await using fixture = await openWithMetrics();
    await publish(fixture, "metrics.cpu", 4);
    await publish(fixture, "order.placed", 30);
    expect(await lagOf(fixture)).toEqual({ lag: 4, lagAtMost: false });
  });

  it("is exact after a restart, once the log was read", async () => {
    await using fixture = await openWithMetrics();
    await publish(fixture, "metrics.cpu", 4);
    await publish(fixture, "order.placed", 30);
    await fixture.crash();
    await fixture.eventually(async () => expect(await lagOf(fixture)).toEqual({ lag: 4, lagAtMost: false }));
  });

  it("counts what is under way once", async () => {
    await using fixture = await openWithMetrics();
    await publish(fixture, "metrics.cpu", 4);
    const [first] = await fixture.node.subscriptions.pull("a", { max: 2, waitMs: 0 });
    expect(await lagOf(fixture)).toEqual({ lag: 4, lagAtMost: false });
    await fixture.node.subscriptions.settle("a", { ack: [first.ackId] });
    expect(await lagOf(fixture)).toEqual({ lag: 3, lagAtMost: false });
  });

  it("says that it is an upper bound where more wait than are held, and counts no other topics even then", async () => {
    await using fixture = await openWithMetrics();
    await publish(fixture, "metrics.cpu", MANY);
    await publish(fixture, "order.placed", 30);
    expect(await lagOf(fixture)).toEqual({ lag: MANY, lagAtMost: true });
  });

  it("never falls below what is to come while those are pulled", async () => {
    await using fixture = await openWithMetrics({ maxInFlight: 100 });
    for (const topic of ["metrics.cpu", "order.placed"]) await publish(fixture, topic, MANY);
    let left = MANY;
    while (left > 0) {
      const pulled = await fixture.node.subscriptions.pull("a", { max: 100, waitMs: 0 });
      await fixture.node.subscriptions.settle("a", { ack: pulled.map(({ ackId }) => ackId) });
      left -= pulled.length;
      const { lag, lagAtMost } = await lagOf(fixture);
      expect(lag).toBeGreaterThanOrEqual(left);
      if (!lagAtMost) expect(lag).toBe(left);
    }
    await fixture.eventually(async () => expect(await lagOf(fixture)).toEqual({ lag: 0, lagAtMost: false }));
  });

  it("counts what came while it was not there, until the log was read, by position", async () => {
    await using fixture = await openWithMetrics();
    await publish(fixture, "metrics.cpu", MANY);
    await publish(fixture, "order.placed", 30);
    await fixture.crash();
    await fixture.eventually(async () => {
      const { lag, lagAtMost } = await lagOf(fixture);
      expect(lagAtMost).toBe(true);
      expect(lag).toBeGreaterThanOrEqual(MANY);
      expect(lag).toBeLessThanOrEqual(MANY + 30);
    });
  });
});
