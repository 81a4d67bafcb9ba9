import { describe, expect, it } from "bun:test";

import { groupKeyOf, LINGER_MS, LocalWants } from "../../node/local_wants.ts";
import type { LocalWant, StreamOptions, SubscriptionRequest } from "../../node/mod.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { openTestNode, type TestNode } from "../support/test_node.ts";

const stream = ({ node }: TestNode, options: Partial<StreamOptions> = {}) =>
  node.openStream({ onReady: () => undefined, ...options });

const subscribe = ({ node }: TestNode, id: string, request: SubscriptionRequest = {}) =>
  node.subscriptions.put(id, request);

/** What is wanted, in short: pattern, group, and `!` where it is durable. */
const short = ({ pattern, group, durable }: LocalWant) =>
  `${pattern}${group === undefined ? "" : `@${group}`}${durable ? "!" : ""}`;
const wanted = ({ node }: TestNode) => node.wants().map(short).sort();

describe("WeftNode.wants()", () => {
  it("lists what subscriptions and streams want, equal wants once", async () => {
    await using fixture = await openTestNode();
    await subscribe(fixture, "a", { config: { topic: "order.*" } });
    await subscribe(fixture, "b", { config: { topic: "order.*" } });
    await subscribe(fixture, "c", { config: { topic: "order.*" }, types: ["x", "y"], source: "/s" });
    await stream(fixture, { topic: "order.*" });
    await stream(fixture, { topic: "metrics.>", filter: "EXISTS subject" });
    expect(wanted(fixture)).toEqual(["metrics.>", "order.*!", "order.*!"]);
    expect(fixture.node.wants().find(({ types }) => types !== undefined)).toMatchObject({
      types: ["x", "y"],
      source: "/s",
    });
    expect(fixture.node.wants().find(({ durable }) => !durable)).toMatchObject({
      filters: [{ sql: "EXISTS subject" }],
    });
  });

  it("leaves out what concerns this cluster only", async () => {
    await using fixture = await openTestNode();
    await subscribe(fixture, "a", { config: { scope: "node" } });
    await subscribe(fixture, "b", { config: { scope: "cluster", group: "g" } });
    await subscribe(fixture, "c", { config: { topic: "weft-system.>" } });
    await stream(fixture, { topic: "weft-system.dead-letter" });
    expect(wanted(fixture)).toEqual([]);
  });

  it("names a group with a key of its definition; a subscription alone has none", async () => {
    await using fixture = await openTestNode();
    await subscribe(fixture, "a", { config: { topic: "order.*", group: "billing" }, types: ["x"] });
    await stream(fixture, { topic: "order.*", group: "shipping" });
    await subscribe(fixture, "b", { config: { topic: "order.*" } });
    expect(wanted(fixture)).toEqual(["order.*!", "order.*@billing!", "order.*@shipping"]);
    const { groupKey } = fixture.node.wants().find(({ group }) => group === "billing")!;
    expect(groupKey).toBe(groupKeyOf("billing", { topic: "order.*", types: ["x"] }));
    expect(groupKey).toMatch(/^billing:[0-9a-f]{16}$/);
  });

  it("says that a group is durable as long as a subscription is in it", async () => {
    await using fixture = await openTestNode();
    await stream(fixture, { group: "g" });
    expect(wanted(fixture)).toEqual([">@g"]);
    await subscribe(fixture, "a", { config: { group: "g" } });
    expect(wanted(fixture)).toEqual([">@g!"]);
    await fixture.node.subscriptions.delete("a");
    expect(wanted(fixture)).toEqual([">@g"]);
  });

  it("follows a subscription that is replaced, paused, expires or goes", async () => {
    await using fixture = await openTestNode();
    await subscribe(fixture, "a", { config: { topic: "order.*" } });
    await subscribe(fixture, "a", { config: { topic: "metrics.>" } });
    expect(wanted(fixture)).toEqual(["metrics.>!"]);
    await subscribe(fixture, "a", { config: { topic: "metrics.>", group: "g" } });
    expect(wanted(fixture)).toEqual(["metrics.>@g!"]);
    await fixture.node.subscriptions.setPaused("a", true);
    expect(wanted(fixture)).toEqual(["metrics.>@g!"]);
    await fixture.node.subscriptions.delete("a");
    expect(wanted(fixture)).toEqual([]);
    await subscribe(fixture, "b", { config: { topic: "order.*", expiresInMs: 1000 } });
    expect(wanted(fixture)).toEqual(["order.*!"]);
    await fixture.clock.advance(1000);
    await fixture.eventually(() => expect(wanted(fixture)).toEqual([]));
  });

  it("holds what a stream wanted for a while after its end", async () => {
    await using fixture = await openTestNode();
    const streams = [
      await stream(fixture, { topic: "order.*" }),
      await stream(fixture, { topic: "metrics.>", group: "g" }),
    ];
    for (const each of streams) await each.close();
    await fixture.clock.advance(LINGER_MS - 1);
    expect(wanted(fixture)).toEqual(["metrics.>@g", "order.*"]);
    const back = await stream(fixture, { topic: "order.*" });
    await fixture.clock.advance(1);
    await fixture.eventually(() => expect(wanted(fixture)).toEqual(["order.*"]));
    await back.close();
    await fixture.clock.advance(LINGER_MS - 1);
    expect(wanted(fixture)).toEqual(["order.*"]);
    await fixture.clock.advance(1);
    expect(wanted(fixture)).toEqual([]);
  });

  it("knows after a restart what durable subscriptions want", async () => {
    await using fixture = await openTestNode();
    await subscribe(fixture, "a", { config: { topic: "order.*" } });
    await subscribe(fixture, "b", { config: { topic: "order.*", group: "g" } });
    await fixture.crash();
    expect(wanted(fixture)).toEqual(["order.*!", "order.*@g!"]);
  });
});

describe("WeftNode.watchWants()", () => {
  it("tells each change, and nothing where none is", async () => {
    await using fixture = await openTestNode();
    const told: string[][] = [];
    const stop = fixture.node.watchWants(() => told.push(wanted(fixture)));
    await subscribe(fixture, "a", { config: { topic: "order.*" } });
    expect(told.at(-1)).toEqual(["order.*!"]);
    told.length = 0;
    await subscribe(fixture, "b", { config: { topic: "order.*" } });
    await fixture.node.subscriptions.setPaused("a", true);
    await fixture.node.subscriptions.delete("a");
    expect(told.filter((wants) => wants.join() !== "order.*!")).toEqual([]);
    await fixture.node.subscriptions.delete("b");
    expect(told.at(-1)).toEqual([]);
    stop();
    told.length = 0;
    await subscribe(fixture, "c");
    expect(told).toEqual([]);
  });
});

describe("LocalWants", () => {
  const want = (pattern: string, durable = false): LocalWant => ({ pattern, durable });

  it("gives the same list until something changes, and tells of a change of durability", () => {
    const wants = new LocalWants(new FakeClock());
    let changes = 0;
    wants.watch(() => changes++);
    wants.set("a", want("order.*"));
    const list = wants.list();
    wants.set("b", want("order.*"));
    wants.set("a", want("order.*"));
    expect(wants.list()).toBe(list);
    expect(changes).toBe(1);
    wants.set("b", want("order.*", true));
    expect([changes, wants.list()[0].durable]).toEqual([2, true]);
    wants.set("b", undefined);
    expect([changes, wants.list()[0].durable]).toEqual([3, false]);
    wants.set("a", undefined);
    expect([changes, wants.list()]).toEqual([4, []]);
  });

  it("lets the oldest of very many wants of ended streams go", () => {
    const wants = new LocalWants(new FakeClock());
    for (let i = 0; i <= 10_000; i++) {
      wants.set("stream", want(`topic.${i}`));
      wants.letLinger("stream");
    }
    expect(wants.list()).toHaveLength(10_000);
    expect(wants.list().some(({ pattern }) => pattern === "topic.0")).toBe(false);
  });
});

describe("groupKeyOf()", () => {
  it("does not depend on the order in which a definition was written down", () => {
    const key = groupKeyOf("g", { topic: ">", types: ["a", "b"], filters: [{ exact: { type: "a", subject: "s" } }] });
    const other = groupKeyOf("g", { topic: ">", types: ["b", "a"], filters: [{ exact: { subject: "s", type: "a" } }] });
    expect(other).toBe(key);
  });

  it("differs where anything that is wanted differs", () => {
    const definitions = [
      { topic: ">" },
      { topic: "a" },
      { topic: ">", source: "/s" },
      { topic: ">", types: ["a"] },
      { topic: ">", filters: [{ exact: { type: "a" } }] },
      { topic: ">", filters: [{ prefix: { type: "a" } }] },
    ];
    const keys = definitions.map((definition) => groupKeyOf("g", definition));
    expect(new Set([...keys, groupKeyOf("h", { topic: ">" })]).size).toBe(definitions.length + 1);
  });
});
