/** What a node still knows of deliveries when nobody remembers the attempts. */

import { describe, expect, it } from "bun:test";

import { openTestNode, type TestNode } from "../support/test_node.ts";

const HOOK = { protocol: "HTTP", sink: "http://sink.example/" };

async function trace(fixture: TestNode, position: number): Promise<string[]> {
  const stored = await fixture.node.store.get(position);
  const traced = await fixture.node.traceDeliveries(stored!);
  return traced.map(({ subscription, attempt, at, outcome }) =>
    `${subscription} ${attempt} ${outcome}${at === null ? "" : " at"}`
  );
}

describe("WeftNode.traceDeliveries()", () => {
  it("derives an acknowledgement from the place in the log after a restart", async () => {
    await using fixture = await openTestNode();
    fixture.sinks.always = { type: "acknowledged", status: 204 };
    await fixture.node.subscriptions.put("hook", { ...HOOK, config: { topic: "order.>" } });
    await fixture.publish();
    await fixture.clock.advance(100);
    expect(await trace(fixture, 1)).toEqual(["hook 1 acknowledged at"]);
    await fixture.crash();
    expect(await trace(fixture, 1)).toEqual(["hook 0 acknowledged"]);
  });

  it("finds the dead letter after a restart", async () => {
    await using fixture = await openTestNode();
    fixture.sinks.always = { type: "reject", reason: "422 no" };
    await fixture.node.subscriptions.put("hook", { ...HOOK, config: { topic: "order.>" } });
    await fixture.publish();
    await fixture.clock.advance(100);
    await fixture.crash();
    expect(await trace(fixture, 1)).toEqual(["hook 1 deadLettered at"]);
  });

  it("says of a group which member had the event", async () => {
    await using fixture = await openTestNode();
    const config = { topic: "order.>", group: "workers" };
    for (const id of ["first", "second"]) await fixture.node.subscriptions.put(id, { protocol: "PULL", config });
    await fixture.publish();
    const [event] = await fixture.node.subscriptions.pull("second", { max: 1, waitMs: 0 });
    await fixture.node.subscriptions.settle("second", { ack: [event.ackId] });
    expect(await trace(fixture, 1)).toEqual(["second 1 acknowledged at"]);
  });

  it("remembers attempts of a subscription that is gone", async () => {
    await using fixture = await openTestNode();
    fixture.sinks.always = { type: "acknowledged", status: 204 };
    await fixture.node.subscriptions.put("hook", { ...HOOK, config: { topic: "order.>" } });
    await fixture.publish();
    await fixture.clock.advance(100);
    await fixture.node.subscriptions.delete("hook");
    expect(await trace(fixture, 1)).toEqual(["hook 1 acknowledged at"]);
  });
});
