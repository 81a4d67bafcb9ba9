import { describe, expect, it } from "bun:test";

import type { EventStream, StreamOptions } from "../../../node/mod.ts";
import { openTestNode, type TestNode } from "../../support/test_node.ts";

async function open({ node }: TestNode, options: Partial<StreamOptions> = {}): Promise<EventStream> {
  return await node.openStream({ onReady: () => undefined, ...options });
}

const ids = (stream: EventStream, max = 100) => stream.take(max).map(({ event }) => event.attributes.id);
const code = (attempt: Promise<unknown>) => attempt.then(() => undefined, (error) => error.code);

describe("A stream", () => {
  it("gives what comes after it was opened, and what its filter lets through", async () => {
    await using fixture = await openTestNode();
    await fixture.publish({ id: "1" });
    const stream = await open(fixture, { topic: "order.*", filter: "EXISTS subject" });
    await fixture.publish({ id: "2" });
    await fixture.publish({ id: "3", attributes: { subject: "s" } });
    await fixture.publish({ id: "4", type: "other", attributes: { subject: "s" } });
    expect(ids(stream)).toEqual(["3"]);
  });

  it("resumes after a cursor without loss or repeat, also in a new process", async () => {
    await using fixture = await openTestNode();
    for (const id of ["1", "2", "3"]) await fixture.publish({ id });
    const cursor = fixture.node.cursorOf(2);
    await fixture.crash();
    const stream = await open(fixture, { since: cursor });
    await fixture.clock.advance(1);
    expect(ids(stream)).toEqual(["3"]);
  });

  it("begins with a position itself, and after a cursor", async () => {
    await using fixture = await openTestNode();
    for (const id of ["1", "2"]) await fixture.publish({ id });
    const [at, after] = [await open(fixture, { since: "2" }), await open(fixture, { since: fixture.node.cursorOf(2) })];
    await fixture.clock.advance(1);
    expect(ids(at)).toEqual(["2"]);
    expect(ids(after)).toEqual([]);
  });

  it("refuses the cursor of another log", async () => {
    await using alice = await openTestNode();
    await using bob = await openTestNode();
    expect(await code(open(alice, { since: bob.node.cursorOf(0) }))).toBe("CURSOR_FOREIGN");
    expect(await code(open(alice, { since: "nonsense" }))).toBe("INVALID_CURSOR");
  });

  it("says what retention took before it came back", async () => {
    await using fixture = await openTestNode({ retention: [{ pattern: ">", maxCount: 2 }] });
    const cursor = fixture.node.cursorOf(1);
    for (const id of ["1", "2", "3", "4", "5"]) await fixture.publish({ id });
    await fixture.clock.advance(2000);
    const stream = await open(fixture, { since: cursor });
    await fixture.clock.advance(1);
    expect(stream.gap).toEqual({ from: 2, to: 3, reason: "RETENTION" });
    expect(ids(stream)).toEqual(["4", "5"]);
  });

  for (const ack of ["none", "explicit"] as const) {
    it(`says what retention took while it lagged, between the events around it (ack ${ack})`, async () => {
      await using fixture = await openTestNode({ retention: [{ pattern: ">", maxCount: 1 }] });
      const stream = await open(fixture, { ack, maxInFlight: 10_000 });
      for (let i = 1; i <= 1500; i++) await fixture.publish({ id: `${i}` });
      await fixture.clock.advance(2000);
      const told: unknown[] = [];
      for (let idle = 0; idle < 5; idle++) {
        const gap = stream.takeGap();
        if (gap !== undefined) told.push(gap);
        told.push(...ids(stream, 5000));
        await fixture.clock.advance(1);
      }
      expect(stream.gap).toBeUndefined();
      const held = Array.from({ length: told.length - 2 }, (_, i) => `${i + 1}`);
      expect(told).toEqual([...held, { from: held.length + 1, to: 1499, reason: "RETENTION" }, "1500"]);
      expect(held.length).toBeGreaterThan(900);
    });
  }

  it("tells no gap where retention took only events of other topics", async () => {
    await using fixture = await openTestNode({ retention: [{ pattern: "metrics.>", maxCount: 1 }] });
    const since = fixture.node.cursorOf(0);
    for (const type of ["metrics.cpu", "order.placed", "metrics.cpu"]) await fixture.publish({ type });
    await fixture.clock.advance(2000);
    const stream = await open(fixture, { since, topic: "order.*" });
    await fixture.clock.advance(1);
    expect([stream.gap, stream.takeGap(), stream.take(10).length]).toEqual([undefined, undefined, 1]);
  });

  it("does not give an event whose time is over", async () => {
    await using fixture = await openTestNode();
    const past = new Date(fixture.clock.wall() - 1).toISOString();
    const stream = await open(fixture);
    await fixture.publish({ id: "over", attributes: { expirytime: past } });
    await fixture.publish({ id: "good" });
    expect(ids(stream)).toEqual(["good"]);
  });

  it("reads from the log what it was too slow to take", async () => {
    await using fixture = await openTestNode();
    const stream = await open(fixture);
    const published = Array.from({ length: 3000 }, (_, i) => `${i}`);
    for (const id of published) await fixture.publish({ id });
    const taken: unknown[] = [];
    for (let i = 0; i < 50; i++) {
      taken.push(...ids(stream));
      await fixture.clock.advance(1);
    }
    expect(taken).toEqual(published);
  });
});

describe("A stream with explicit acknowledgement", () => {
  it("gives an event again that is not acknowledged in time", async () => {
    await using fixture = await openTestNode();
    const stream = await open(fixture, { ack: "explicit", ackTimeoutMs: 1000 });
    await fixture.publish({ id: "1" });
    await fixture.publish({ id: "2" });
    expect(ids(stream)).toEqual(["1", "2"]);
    stream.acknowledge(1);
    await fixture.clock.advance(1000);
    expect(ids(stream)).toEqual(["2"]);
  });

  it("gives no more than maxInFlight at a time", async () => {
    await using fixture = await openTestNode();
    const stream = await open(fixture, { ack: "explicit", maxInFlight: 1 });
    await fixture.publish({ id: "1" });
    await fixture.publish({ id: "2" });
    expect(ids(stream)).toEqual(["1"]);
    expect(ids(stream)).toEqual([]);
    stream.acknowledge(1);
    expect(ids(stream)).toEqual(["2"]);
  });
});

describe("A stream of a group", () => {
  it("shares its events with the other members", async () => {
    await using fixture = await openTestNode();
    const [a, b] = [await open(fixture, { group: "g" }), await open(fixture, { group: "g" })];
    for (const id of ["1", "2"]) await fixture.publish({ id });
    expect([...ids(a, 1), ...ids(b, 1)]).toEqual(["1", "2"]);
  });

  it("is ordered when it asks for that: one event of a key at a time; others of the group must ask for the same", async () => {
    await using fixture = await openTestNode();
    const stream = await open(fixture, { group: "g", ordered: true, ack: "explicit" });
    const publish = (id: string, subject: string) => fixture.publish({ id, attributes: { subject } });
    for (const [id, subject] of [["1", "a"], ["2", "a"], ["3", "b"]]) await publish(id, subject);
    expect(ids(stream)).toEqual(["1", "3"]);
    stream.acknowledge(1);
    expect(ids(stream)).toEqual(["2"]);
    expect(await code(open(fixture, { group: "g" }))).toBe("GROUP_MISMATCH");
    await fixture.node.subscriptions.put("s", { config: { group: "g", topic: ">", ordered: true } });
  });

  it("passes what it did not acknowledge to the next member", async () => {
    await using fixture = await openTestNode();
    const first = await open(fixture, { group: "g", ack: "explicit" });
    await fixture.publish({ id: "1" });
    expect(ids(first)).toEqual(["1"]);
    await first.close();
    const second = await open(fixture, { group: "g", ack: "explicit" });
    await fixture.clock.advance(1);
    expect(ids(second)).toEqual(["1"]);
  });

  it("keeps the group's place for five minutes, over a crash as well", async () => {
    await using fixture = await openTestNode();
    await (await open(fixture, { group: "g" })).close();
    await fixture.publish({ id: "1" });
    await fixture.crash();
    await fixture.clock.advance(4 * 60_000);
    const stream = await open(fixture, { group: "g" });
    await fixture.clock.advance(1);
    expect(ids(stream)).toEqual(["1"]);
    await stream.close();
    await fixture.clock.advance(5 * 60_000);
    await fixture.publish({ id: "2" });
    expect(ids(await open(fixture, { group: "g" }))).toEqual([]);
  });
});
