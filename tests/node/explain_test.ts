import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { anEvent } from "../support/events.ts";
import { openTestNode, type TestNode } from "../support/test_node.ts";

interface Wish {
  readonly topic: string;
  readonly types?: string[];
  readonly source?: string;
  readonly filters?: Record<string, unknown>[];
  readonly group?: string;
  readonly state: "active" | "paused" | "expired";
}

const topic = fc.constantFrom("order.placed", "order.paid", "stock.moved", "a", "weft-system.dead-letter");
const pattern = fc.constantFrom(">", "*.*", "order.*", "order.placed", "stock.>", "weft-system.>", "a");
const filter: fc.Arbitrary<Record<string, unknown>> = fc.constantFrom(
  { sql: "EXISTS subject" },
  { sql: "amount > 10" },
  { exact: { subject: "eu-1" } },
  { not: { prefix: { subject: "eu" } } },
  { any: [{ suffix: { type: "paid" } }, { exact: { source: "/shops/bob" } }] },
);
const source = fc.constantFrom("/shops/alice", "/shops/bob");
const wish: fc.Arbitrary<Wish> = fc.record({
  topic: pattern,
  types: fc.option(fc.subarray(["order.placed", "order.paid", "stock.moved"], { minLength: 1 }), { nil: undefined }),
  source: fc.option(source, { nil: undefined, freq: 3 }),
  filters: fc.option(fc.array(filter, { maxLength: 2 }), { nil: undefined }),
  state: fc.constantFrom("active" as const, "active" as const, "paused" as const, "expired" as const),
});
const event = fc.record({
  topic,
  type: fc.constantFrom("order.placed", "order.paid", "stock.moved"),
  source,
  subject: fc.option(fc.constantFrom("eu-1", "us-1"), { nil: undefined }),
  amount: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }),
});

async function subscribe({ node }: TestNode, id: string, { topic, group, state, ...wish }: Wish): Promise<void> {
  await node.subscriptions.put(id, { ...wish, config: { topic, group, expiresInMs: state === "expired" ? 1 : null } });
  if (state === "paused") await node.subscriptions.setPaused(id, true);
}

async function isDelivered({ node }: TestNode, id: string): Promise<boolean> {
  return await node.subscriptions.pull(id, { max: 1, waitMs: 0 }).then((events) => events.length > 0, () => false);
}

describe("WeftNode.explain()", () => {
  it("says what a publish then does, whatever was subscribed to and whatever is published", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(wish, { minLength: 1, maxLength: 5 }), event, async (wishes, { topic, ...rest }) => {
        await using fixture = await openTestNode();
        for (const [i, one] of wishes.entries()) await subscribe(fixture, `s${i}`, one);
        await fixture.clock.advance(2);
        const { type, source, subject, amount } = rest;
        const published = anEvent({ type, source, attributes: { subject, amount } });
        const { destinations, stopped } = fixture.node.explain(topic, published);
        const predicted = destinations.flatMap(({ subscriptions }) => subscriptions.map(({ id }) => id));

        await fixture.node.accept({ topic, event: published });
        await fixture.clock.advance(1);
        const delivered: string[] = [];
        for (const i of wishes.keys()) if (await isDelivered(fixture, `s${i}`)) delivered.push(`s${i}`);
        expect(predicted).toEqual(delivered);

        // What is held back by a pause comes when that is over; what the filters stop never does.
        for (const { subscription, reason } of stopped) {
          if (subscription === null || reason === "EXPIRED") continue;
          await fixture.node.subscriptions.setPaused(subscription, false).catch(() => undefined);
          await fixture.clock.advance(1);
          expect([reason, await isDelivered(fixture, subscription)]).toEqual([reason, reason === "PAUSED"]);
        }
        expect(destinations.length === 0).toBe(delivered.length === 0);
        if (destinations.length === 0) expect(stopped.length).toBeGreaterThan(0);
      }),
      { numRuns: 150 },
    );
  }, 30_000);

  it("counts the streams that want the event, and not those whose pattern alone fits", async () => {
    await using fixture = await openTestNode();
    const open = (topic: string, filter?: string) =>
      fixture.node.openStream({ topic, filter, onReady: () => undefined });
    await open("order.*", "EXISTS subject");
    await open(">");
    expect(fixture.node.explain("order.placed", anEvent()).destinations[0].detail).toBe(
      "1 stream of this cluster gets it",
    );
    expect(fixture.node.explain("weft-system.dead-letter", anEvent()).destinations).toEqual([]);
  });

  it("says that nobody wants a topic", async () => {
    await using fixture = await openTestNode();
    const { destinations, stopped } = fixture.node.explain("order.placed", anEvent());
    expect(destinations).toEqual([]);
    expect(stopped).toMatchObject([{ where: "alice", subscription: null, reason: "NO_SUBSCRIBER" }]);
  });

  it("tells of a sink whose last attempt failed, until one succeeds", async () => {
    await using fixture = await openTestNode();
    fixture.sinks.always = { type: "retry", reason: "the sink answered 500" };
    await fixture.node.subscriptions.put("a", { sink: "http://billing.test/hook" });
    await fixture.publish({});
    await fixture.clock.advance(1);
    const stopped = () => fixture.node.explain("order.placed", anEvent()).stopped;
    expect(stopped()).toMatchObject([{ subscription: "a", reason: "SINK_FAILING" }]);
    expect(stopped()[0].detail).toContain("the last attempt at its sink failed: the sink answered 500");
    fixture.sinks.always = { type: "acknowledged", status: 204 };
    await fixture.clock.advance(60_000);
    expect(stopped()).toEqual([]);
  });

  it("tells of a sink that is spared because it fails", async () => {
    await using fixture = await openTestNode();
    fixture.sinks.always = { type: "retry", reason: "the sink answered 500" };
    await fixture.node.subscriptions.put("a", {
      sink: "http://billing.test/hook",
      config: { retry: { attemptsMax: 99 } },
    });
    for (let i = 0; i < 12; i++) await fixture.publish({});
    await fixture.clock.advance(1);
    const { destinations, stopped } = fixture.node.explain("order.placed", anEvent());
    expect(destinations[0].subscriptions).toMatchObject([{ id: "a" }]);
    expect(stopped).toMatchObject([{ subscription: "a", reason: "SINK_FAILING" }]);
  });
});
