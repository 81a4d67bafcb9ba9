import { describe, expect, it } from "bun:test";

import type { Audience, EventStream, StreamOptions } from "../../node/mod.ts";
import { arrive, IN_TRANSIT, UNGROUPED } from "../support/foreign_events.ts";
import { openTestNode, type TestNode } from "../support/test_node.ts";

const forGroup: Audience = { ungrouped: false, groups: ["billing"] };
const forBoth: Audience = { ungrouped: true, groups: ["billing"] };

/** One event for everybody and one for each kind of reader, named after it. */
async function fill(fixture: TestNode): Promise<void> {
  await fixture.publish({ id: "own" });
  await arrive(fixture, { id: "ungrouped", audience: UNGROUPED });
  await arrive(fixture, { id: "group", audience: forGroup });
  await arrive(fixture, { id: "both", audience: forBoth });
  await arrive(fixture, { id: "transit", audience: IN_TRANSIT });
}

const open = ({ node }: TestNode, options: Partial<StreamOptions> = {}): Promise<EventStream> =>
  node.openStream({ onReady: () => undefined, ...options });

const ids = (stream: EventStream) => stream.take(100).map(({ event }) => event.attributes.id);

async function pulled(fixture: TestNode, id: string): Promise<string[]> {
  await fixture.clock.advance(1);
  const events = await fixture.node.subscriptions.pull(id, { max: 100, waitMs: 0 });
  return events.map(({ delivery }) => delivery.stored.event.attributes.id);
}

// A reader that keeps up is pushed its events, one that came late reads the log: both must tell the same.
for (const late of [false, true]) {
  const when = late ? "reads them from the log" : "keeps up";
  const since = "earliest";

  describe(`A reader that ${when}`, () => {
    it("gets what is for everybody or for those without a group", async () => {
      await using fixture = await openTestNode();
      if (late) await fill(fixture);
      const [plain, explicit] = [await open(fixture, { since }), await open(fixture, { since, ack: "explicit" })];
      await fixture.node.subscriptions.put("alone", { config: { since } });
      await fixture.clock.advance(1);
      if (!late) await fill(fixture);
      const expected = ["own", "ungrouped", "both"];
      expect(ids(plain)).toEqual(expected);
      expect(ids(explicit)).toEqual(expected);
      expect(await pulled(fixture, "alone")).toEqual(expected);
    });

    it("gets what is for its group, by the name of it", async () => {
      await using fixture = await openTestNode();
      if (late) await fill(fixture);
      const stream = await open(fixture, { since, group: "shipping" });
      await fixture.node.subscriptions.put("a", { config: { since, group: "billing" } });
      // Its id is the name of the group, but it is in none.
      await fixture.node.subscriptions.put("billing", { config: { since } });
      await fixture.clock.advance(1);
      if (!late) await fill(fixture);
      expect(await pulled(fixture, "a")).toEqual(["own", "group", "both"]);
      expect(await pulled(fixture, "billing")).toEqual(["own", "ungrouped", "both"]);
      expect(ids(stream)).toEqual(["own"]);
    });

    for (const scope of ["node", "cluster"] as const) {
      it(`of scope "${scope}" gets only what was accepted here`, async () => {
        await using fixture = await openTestNode();
        if (late) await fill(fixture);
        await fixture.node.subscriptions.put("a", { config: { since, scope } });
        await fixture.node.subscriptions.put("b", { config: { since, scope, group: "billing" } });
        await fixture.clock.advance(1);
        if (!late) await fill(fixture);
        expect(await pulled(fixture, "a")).toEqual(["own"]);
        expect(await pulled(fixture, "b")).toEqual(["own"]);
      });
    }
  });
}

describe("A subscription", () => {
  it("counts as filtered only what was for it", async () => {
    await using fixture = await openTestNode();
    const consumer = await fixture.node.subscriptions.create({ types: ["other"] });
    await fill(fixture);
    await fixture.clock.advance(1);
    expect((await fixture.node.subscriptions.status(consumer)).filtered).toBe(3);
  });

  it("reads the same over a restart", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { config: { scope: "cluster", group: "billing" } });
    await fixture.crash();
    await fill(fixture);
    expect(await pulled(fixture, "a")).toEqual(["own"]);
  });

  it("cannot join a group of another scope", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { config: { group: "billing" } });
    await expect(fixture.node.subscriptions.put("b", { config: { group: "billing", scope: "cluster" } }))
      .rejects.toThrow("scope");
    await fixture.node.subscriptions.put("c", { config: { group: "own", scope: "cluster" } });
    await fixture.node.subscriptions.put("d", { config: { group: "own", scope: "node" } });
  });

  it("takes up a group that was written before groups had a scope", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", { config: { group: "billing", scope: "cluster" } });
    const [{ key, value }] = await fixture.node.store.listState({ prefix: "group/", limit: 1 });
    const { scope, ...old } = JSON.parse(new TextDecoder().decode(value));
    expect(scope).toBe("cluster");
    await fixture.node.store.commit([], [{ key, value: new TextEncoder().encode(JSON.stringify(old)) }]);
    await fixture.crash();
    expect(fixture.node.subscriptions.get("a")?.group.key).toBe("group:billing");
  });
});

describe("An event in transit", () => {
  it("is neither browsed nor among the topics", async () => {
    await using fixture = await openTestNode();
    await arrive(fixture, { type: "order.passing", audience: IN_TRANSIT });
    await arrive(fixture, { type: "order.placed", audience: forGroup });
    const { events } = await fixture.node.browse({ after: 0, limit: 10 });
    expect(events.map(({ topic }) => topic)).toEqual(["order.placed"]);
    expect(fixture.node.topics.list(undefined, 10).map(({ topic }) => topic)).toEqual(["order.placed"]);
  });

  it("does not hold up a reader behind it", async () => {
    await using fixture = await openTestNode();
    const stream = await open(fixture);
    for (let i = 0; i < 2000; i++) await arrive(fixture, { audience: IN_TRANSIT });
    await fixture.publish({ id: "last" });
    expect(ids(stream)).toEqual(["last"]);
  });
});

describe("The time to live of an arrival", () => {
  it("is what was left of it when it came", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("a", {});
    await arrive(fixture, { id: "1", ttlMs: 1000 });
    await arrive(fixture, { id: "2", ttlMs: 3000 });
    await fixture.clock.advance(2000);
    expect(await pulled(fixture, "a")).toEqual(["2"]);
  });
});
