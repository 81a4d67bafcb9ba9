import { describe, expect, it } from "bun:test";

import { findEvents } from "../../node/find_events.ts";
import { openTestNode } from "../support/test_node.ts";

const SOURCE = "/shops/alice";
const nowhere = { candidates: [], recent: false };

describe("findEvents()", () => {
  it("finds an event in the whole log by its hash, and no other", async () => {
    await using fixture = await openTestNode();
    for (let id = 1; id <= 50; id++) await fixture.publish({ id: `${id}` });
    const { store } = fixture.node;
    const found = await findEvents(store, { source: SOURCE, id: "33" }, nowhere);
    expect(found.map(({ position, event }) => [position, event.attributes.id])).toEqual([[33, "33"]]);
    expect(await findEvents(store, { source: SOURCE, id: "51" }, nowhere)).toEqual([]);
    expect(await findEvents(store, { source: "/shops/bob", id: "33" }, nowhere)).toEqual([]);
  });

  it("believes no candidate that is another event", async () => {
    await using fixture = await openTestNode();
    await fixture.publish({ id: "1" });
    const found = await findEvents(fixture.node.store, { source: SOURCE, id: "2" }, { candidates: [1], recent: true });
    expect(found).toEqual([]);
  });

  it("looks at nothing but the candidates where only recent ones are asked for", async () => {
    await using fixture = await openTestNode();
    await fixture.publish({ id: "1" });
    const { store } = fixture.node;
    expect(await findEvents(store, { source: SOURCE, id: "1" }, { candidates: [], recent: true })).toEqual([]);
    expect(await findEvents(store, { source: SOURCE, id: "1" }, { candidates: [1], recent: true })).toHaveLength(1);
  });
});

describe("WeftNode.find()", () => {
  it("finds an event after a restart, and after it left the publish window", async () => {
    await using fixture = await openTestNode();
    await fixture.publish({ id: "1" });
    await fixture.crash();
    expect(await fixture.node.find({ source: SOURCE, id: "1" }, { recent: true })).toHaveLength(1);
    await fixture.clock.advance(700_000);
    expect(await fixture.node.find({ source: SOURCE, id: "1" }, { recent: true })).toEqual([]);
    expect(await fixture.node.find({ source: SOURCE, id: "1" })).toHaveLength(1);
  });
});
