/** Pulling over HTTP: `/v1/subscriptions/{id}/pull` and `/ack`. */

import { describe, expect, it } from "bun:test";

import { eventually } from "../support/eventually.ts";
import { openTestDoor, type TestDoor } from "./door_support.ts";

async function openWithSubscription(config: Record<string, unknown> = {}): Promise<TestDoor> {
  const door = await openTestDoor();
  await door.call("PUT", "/v1/subscriptions/audit", { config: { topic: "order.>", ...config } });
  return door;
}

const pull = async (door: TestDoor, body: unknown = {}) =>
  await door.call("POST", "/v1/subscriptions/audit/pull", body);

describe("POST /v1/subscriptions/{id}/pull", () => {
  it("answers structured events whose data is the text that was published", async () => {
    await using door = await openWithSubscription();
    await door.call(
      "POST",
      "/v1/events",
      '{"specversion":"1.0","id":"1","source":"/a","type":"order.placed","data":{"n":12345678901234567890, "b":1}}',
      {
        "content-type": "application/cloudevents+json",
      },
    );
    const { body, text } = await pull(door, { max: 10, waitMs: 0 });
    expect(body.events).toMatchObject([{ attempt: 1, event: { id: "1", type: "order.placed" } }]);
    expect(typeof body.events[0].ackId).toBe("string");
    expect(text).toContain('"data":{"n":12345678901234567890, "b":1}');
  });

  it("takes an empty body for the defaults", async () => {
    await using door = await openWithSubscription();
    await door.fixture.publish({ id: "1" });
    const answer = await door.call("POST", "/v1/subscriptions/audit/pull");
    expect(answer.body.events).toHaveLength(1);
  });

  it("waits for an event and answers as soon as there is one", async () => {
    await using door = await openWithSubscription();
    const waiting = pull(door, { waitMs: 5000 });
    await door.fixture.publish({ id: "late" });
    expect((await waiting).body.events[0].event.id).toBe("late");
  });

  it("answers with nothing when the wait is over", async () => {
    await using door = await openWithSubscription();
    const timers = door.fixture.clock.pending;
    let answered = false;
    const waiting = pull(door, { waitMs: 5000 }).finally(() => answered = true);
    await eventually(() => door.fixture.clock.pending > timers);
    await door.fixture.clock.advance(4999);
    expect(answered).toBe(false);
    await eventually(async () => {
      await door.fixture.clock.advance(1000);
      return answered;
    });
    expect((await waiting).body).toEqual({ events: [] });
  });

  it("answers those who wait when the node begins to stop", async () => {
    await using door = await openWithSubscription();
    const response = await door.open("POST", "/v1/subscriptions/audit/pull", { body: '{"waitMs":5000}' });
    door.drain();
    expect(await response.json()).toEqual({ events: [] });
    expect((await pull(door, { waitMs: 5000 })).body).toEqual({ events: [] });
  });

  it("takes nothing for a client that went away while it waited", async () => {
    await using door = await openWithSubscription();
    const url = await door.serve();
    const timers = door.fixture.clock.pending;
    const leave = new AbortController();
    const gone = fetch(`${url}/v1/subscriptions/audit/pull`, {
      method: "POST",
      body: '{"waitMs":50000}',
      signal: leave.signal,
    }).then((response) => response.text()).catch(() => "gone");
    await eventually(() => door.fixture.clock.pending > timers);
    leave.abort();
    expect(await gone).toBe("gone");
    await eventually(() => door.fixture.clock.pending === timers);
    await door.fixture.publish({ id: "1" });
    expect((await pull(door)).body.events).toMatchObject([{ attempt: 1, event: { id: "1" } }]);
  });

  it("refuses a number of events that is none", async () => {
    await using door = await openWithSubscription();
    expect(await pull(door, { max: 0 })).toMatchObject({ status: 400, body: { code: "INVALID_REQUEST", path: "max" } });
  });

  it("is not for subscriptions that push", async () => {
    await using door = await openTestDoor();
    await door.call("PUT", "/v1/subscriptions/audit", { sink: "http://127.0.0.1:9/hook" });
    expect(await pull(door)).toMatchObject({ status: 409, body: { code: "NOT_A_PULL_SUBSCRIPTION" } });
  });
});

describe("POST /v1/subscriptions/{id}/ack", () => {
  it("makes acknowledged events stay away, also after a kill", async () => {
    await using door = await openWithSubscription();
    await door.fixture.publish({ id: "1" });
    const { ackId } = (await pull(door)).body.events[0];
    const answer = await door.call("POST", "/v1/subscriptions/audit/ack", { ack: [ackId] });
    expect(answer).toMatchObject({ status: 200, body: { acknowledged: 1, stale: [] } });
    await door.fixture.crash();
    await door.fixture.publish({ id: "2" });
    const events = await eventually(async () => {
      const { body } = await pull(door);
      expect(body.events.length).toBeGreaterThan(0);
      return body.events;
    });
    expect(events).toMatchObject([{ event: { id: "2" } }]);
  });

  it("brings a refused event back after its delay, as another attempt", async () => {
    await using door = await openWithSubscription();
    await door.fixture.publish({ id: "1" });
    const { ackId } = (await pull(door)).body.events[0];
    const answer = await door.call("POST", "/v1/subscriptions/audit/ack", { nack: [{ ackId, delayMs: 1000 }] });
    expect(answer.body).toMatchObject({ nacked: 1 });
    expect((await pull(door)).body.events).toEqual([]);
    await door.fixture.clock.advance(1000);
    const { events } = (await pull(door)).body;
    expect(events).toMatchObject([{ attempt: 2, event: { id: "1" } }]);
  });

  it("prolongs a lease", async () => {
    await using door = await openWithSubscription({ ackTimeoutMs: 1000 });
    await door.fixture.publish({ id: "1" });
    const { ackId } = (await pull(door)).body.events[0];
    await door.fixture.clock.advance(800);
    const answer = await door.call("POST", "/v1/subscriptions/audit/ack", { extend: [ackId] });
    expect(answer.body).toMatchObject({ extended: 1 });
    await door.fixture.clock.advance(800);
    expect((await pull(door)).body.events).toEqual([]);
  });

  it("refuses an ackId that no pull gave", async () => {
    await using door = await openWithSubscription();
    const answer = await door.call("POST", "/v1/subscriptions/audit/ack", { ack: ["nonsense"] });
    expect(answer).toMatchObject({ status: 400, body: { code: "INVALID_ACK_ID" } });
  });
});
