/** Looking into a node over HTTP: the log, topics, `explain`. */

import { describe, expect, it } from "bun:test";

import { createPrincipal } from "../../adapters/door/http/auth/mod.ts";
import { openTestDoor } from "./door_support.ts";

const provenance = { node: "alice", cluster: "alice" };

describe("GET /v1/events", () => {
  it("shows entries with position, cursor, topic, time, receipt and the event as it was published", async () => {
    await using door = await openTestDoor();
    await door.fixture.publish({ id: "1", data: '{"n":12345678901234567890}', dataForm: "json" });
    const { body, text } = await door.call("GET", "/v1/events");
    const { epoch } = door.fixture.node.store.incarnation;
    expect(body).toMatchObject({ next: null, ...provenance });
    expect(body.events).toHaveLength(1);
    expect(body.events[0]).toMatchObject({
      position: 1,
      cursor: door.fixture.node.cursorOf(1),
      topic: "order.placed",
      acceptedAt: new Date(door.context.clock.wall()).toISOString(),
      receipt: { cluster: "alice", epoch, sequence: 1, position: 1 },
      event: { id: "1" },
    });
    expect(text).toContain('"data":{"n":12345678901234567890}');
  });

  it("pages with limit and after, by cursor or by position", async () => {
    await using door = await openTestDoor();
    for (const id of ["1", "2", "3"]) await door.fixture.publish({ id });
    const ids = (answer: { body: { events: { event: { id: string } }[] } }) =>
      answer.body.events.map(({ event }) => event.id);
    const first = await door.call("GET", "/v1/events?limit=2");
    expect(ids(first)).toEqual(["1", "2"]);
    const second = await door.call("GET", `/v1/events?limit=2&after=${first.body.next}`);
    expect(ids(second)).toEqual(["3"]);
    expect(second.body.next).toBeNull();
    expect(ids(await door.call("GET", "/v1/events?after=1"))).toEqual(["2", "3"]);
  });

  it("narrows by topic and filter", async () => {
    await using door = await openTestDoor();
    await door.fixture.publish({ id: "1", type: "order.placed", attributes: { subject: "eu" } });
    await door.fixture.publish({ id: "2", type: "order.placed", attributes: { subject: "us" } });
    await door.fixture.publish({ id: "3", type: "invoice.sent", attributes: { subject: "eu" } });
    const { body } = await door.call("GET", `/v1/events?topic=order.*&filter=${encodeURIComponent("subject = 'eu'")}`);
    expect(body.events).toMatchObject([{ event: { id: "1" } }]);
    expect(body.events).toHaveLength(1);
  });

  it("refuses patterns, expressions and cursors that are none", async () => {
    await using door = await openTestDoor();
    expect((await door.call("GET", "/v1/events?topic=a..b")).body.code).toBe("INVALID_PATTERN");
    expect((await door.call("GET", "/v1/events?filter=%3D")).body.code).toBe("INVALID_FILTER");
    expect((await door.call("GET", "/v1/events?after=nonsense")).body.code).toBe("INVALID_CURSOR");
    expect((await door.call("GET", "/v1/events?after=lzzzzzzz-1")).body.code).toBe("CURSOR_FOREIGN");
  });

  it("shows payloads only to those who might have subscribed to them", async () => {
    const principal = createPrincipal({ name: "bob", publish: [], subscribe: ["order.>"], admin: false });
    await using door = await openTestDoor({ principal });
    expect((await door.call("GET", "/v1/events")).status).toBe(403);
    expect((await door.call("GET", "/v1/events?topic=order.>")).status).toBe(200);
  });
});

describe("GET /v1/topics", () => {
  it("lists topics in order, with their rates, in pages", async () => {
    await using door = await openTestDoor();
    for (const type of ["b", "a", "b"]) await door.fixture.publish({ type });
    await door.fixture.clock.advance(10_000);
    const first = await door.call("GET", "/v1/topics?limit=1");
    expect(first.body).toMatchObject({
      topics: [{ topic: "a", events: 1, ratePerSecond: 0.1 }],
      next: "a",
      ...provenance,
    });
    const second = await door.call("GET", "/v1/topics?limit=1&after=a");
    expect(second.body).toMatchObject({ topics: [{ topic: "b", events: 2, ratePerSecond: 0.2 }], next: null });
    expect(Number.isNaN(Date.parse(second.body.topics[0].lastAt))).toBe(false);
  });
});

describe("GET /v1/explain", () => {
  it("names who would get the event, and sends nothing", async () => {
    await using door = await openTestDoor();
    await door.call("PUT", "/v1/subscriptions/billing", { config: { topic: "order.>", group: "money" } });
    const { body } = await door.call("GET", "/v1/explain?topic=order.placed");
    expect(body).toMatchObject({
      topic: "order.placed",
      destinations: [{
        cluster: "alice",
        path: ["alice"],
        cost: 0,
        state: "local",
        reason: "OK",
        subscriptions: [{ id: "billing", group: "money", match: true }],
      }],
      stopped: [],
      ...provenance,
    });
    expect(door.fixture.node.store.head).toBe(0);
  });

  it("says what stops an event", async () => {
    await using door = await openTestDoor();
    await door.call("PUT", "/v1/subscriptions/eu", {
      config: { topic: "order.>" },
      filters: [{ exact: { subject: "eu" } }],
    });
    const filtered = await door.call("GET", "/v1/explain?topic=order.placed&subject=us&source=/shop&amount=3");
    expect(filtered.body.destinations).toEqual([]);
    expect(filtered.body.stopped).toMatchObject([{ where: "alice", subscription: "eu", reason: "FILTERED" }]);
    const matched = await door.call("GET", "/v1/explain?topic=order.placed&subject=eu");
    expect(matched.body.destinations).toHaveLength(1);
    const nobody = await door.call("GET", "/v1/explain?topic=invoice.sent");
    expect(nobody.body).toMatchObject({ destinations: [], stopped: [{ reason: "NO_SUBSCRIBER" }] });
  });

  it("takes the topic from the type when none is named", async () => {
    await using door = await openTestDoor();
    expect((await door.call("GET", "/v1/explain?type=order.placed")).body.topic).toBe("order.placed");
  });

  it("refuses a question about nothing, a bad topic and a bad attribute", async () => {
    await using door = await openTestDoor();
    expect((await door.call("GET", "/v1/explain")).body).toMatchObject({
      code: "INVALID_PARAMETER",
      parameter: "topic",
    });
    expect((await door.call("GET", "/v1/explain?topic=a.*")).body.code).toBe("INVALID_TOPIC");
    expect((await door.call("GET", "/v1/explain?topic=a&Bad-Name=1")).body.code).toBe("INVALID_ATTRIBUTE");
  });
});
