/** The routing table over HTTP: `GET /routes`. */

import { describe, expect, it } from "bun:test";

import { readServerSentEvents } from "../../adapters/client/server_sent_events.ts";
import { openTestDoor, type TestDoor } from "./door_support.ts";

async function openWithPatterns(...patterns: string[]): Promise<TestDoor> {
  const door = await openTestDoor();
  for (const [i, topic] of patterns.entries()) await door.call("PUT", `/v1/subscriptions/s${i}`, { config: { topic } });
  return door;
}

const patterns = async (door: TestDoor, query: string) =>
  (await door.call("GET", `/routes${query}`)).body.routes.map(({ pattern }: { pattern: string }) => pattern);

describe("GET /routes", () => {
  it("has a local route for each pattern that is wanted here", async () => {
    await using door = await openWithPatterns("order.>");
    await door.fixture.clock.advance(1500);
    const { body } = await door.call("GET", "/routes");
    expect(body).toMatchObject({ version: 1, next: null, node: "alice", cluster: "alice" });
    expect(body.routes).toEqual([{
      pattern: "order.>",
      destination: "alice",
      nextHop: null,
      path: ["alice"],
      cost: 0,
      state: "local",
      ageMs: 1500,
      origin: "alice",
      reason: "LOCAL_SUBSCRIBER",
      alternate: null,
    }]);
  });

  it("narrows to the routes that a topic takes, and to a destination", async () => {
    await using door = await openWithPatterns("order.>", "invoice.*", ">", "weft-system.>");
    expect(await patterns(door, "?topic=order.placed")).toEqual([">", "order.>"]);
    expect(await patterns(door, "?topic=weft-system.dead-letter")).toEqual(["weft-system.>"]);
    expect(await patterns(door, "?destination=alice")).toHaveLength(4);
    expect(await patterns(door, "?destination=oslo")).toEqual([]);
    expect((await door.call("GET", "/routes?topic=order.*")).body.code).toBe("INVALID_TOPIC");
  });

  it("pages in order of pattern", async () => {
    await using door = await openWithPatterns("c", "a", "b");
    const first = await door.call("GET", "/routes?limit=2");
    expect(first.body.routes).toMatchObject([{ pattern: "a" }, { pattern: "b" }]);
    expect(await patterns(door, `?limit=2&after=${encodeURIComponent(first.body.next)}`)).toEqual(["c"]);
  });

  it("draws the table as text and as a graph", async () => {
    await using door = await openWithPatterns("order.>");
    const text = await door.call("GET", "/routes?format=text");
    expect(text.headers.get("content-type")).toContain("text/plain");
    const [title, line] = text.text.split("\n");
    expect(title).toMatch(/^PATTERN +DESTINATION +NEXT HOP +PATH +COST +STATE +AGE +REASON$/);
    expect(line).toMatch(/^order\.> +alice +- +alice +0 +local +0s +LOCAL_SUBSCRIBER$/);
    const dot = await door.call("GET", "/routes?format=dot");
    expect(dot.text).toMatch(/^digraph weft \{/);
    expect(dot.text).toContain('"alice" -> "pattern order.>"');
    expect((await door.call("GET", "/routes?format=xml")).body.code).toBe("INVALID_PARAMETER");
  });
});

describe("GET /routes?watch", () => {
  it("sends the table, then each change of it", async () => {
    await using door = await openWithPatterns("order.>");
    const response = await door.open("GET", "/routes?watch");
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const messages = readServerSentEvents(response.body!);
    const next = async () => {
      const { value } = await messages.next();
      return { event: value!.event, ...JSON.parse(value!.data) };
    };
    expect(await next()).toMatchObject({
      event: "routes",
      version: 1,
      routes: [{ pattern: "order.>" }],
      node: "alice",
    });
    await door.call("PUT", "/v1/subscriptions/s1", { config: { topic: "invoice.>" } });
    expect(await next()).toMatchObject({ event: "change", version: 2, added: [{ pattern: "invoice.>" }], removed: [] });
    await door.call("DELETE", "/v1/subscriptions/s0");
    expect(await next()).toMatchObject({ event: "change", version: 3, added: [], removed: [{ pattern: "order.>" }] });
    door.drain();
    expect((await messages.next()).done).toBe(true);
  });
});
