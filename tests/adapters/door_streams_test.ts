/** `GET /v1/stream` as Server-Sent Events. */

import { describe, expect, it } from "bun:test";

import { readServerSentEvents } from "../../adapters/client/server_sent_events.ts";
import { createPrincipal } from "../../adapters/door/http/auth/mod.ts";
import { RecentCache, SseEncoder, SseWriter } from "../../adapters/door/http/streams/mod.ts";
import { eventually } from "../support/eventually.ts";
import { openTestDoor } from "./door_support.ts";
import { readStream } from "./door_streams_support.ts";

const stream = (accept: string) => ({ accept });

describe("GET /v1/stream", () => {
  it("begins with a ready message that says where and whence", async () => {
    await using door = await openTestDoor();
    await using reader = await readStream(door);
    const [ready] = reader.messages;
    expect(ready.event).toBe("ready");
    expect(ready.id).toBeUndefined();
    const data = JSON.parse(ready.data);
    expect(data).toEqual({ cursor: door.fixture.node.cursorOf(0), replay: "local", node: "alice", cluster: "alice" });
  });

  it("says with ready=mesh that no cluster is missing", async () => {
    await using door = await openTestDoor();
    await using reader = await readStream(door, "?ready=mesh");
    expect(JSON.parse(reader.messages[0].data).missing).toEqual([]);
  });

  it("gives each event its cursor as id, its type as event, and itself as data", async () => {
    await using door = await openTestDoor();
    await using reader = await readStream(door, "?topic=order.>");
    await door.fixture.publish({ id: "1", type: "order.placed", data: '{"n":12345678901234567890}', dataForm: "json" });
    await door.fixture.publish({ id: "2", type: "invoice.sent" });
    await door.fixture.publish({ id: "3", type: "order.paid" });
    await reader.received(2);
    expect(reader.eventIds).toEqual(["1", "3"]);
    expect(reader.messages[1]).toMatchObject({ id: door.fixture.node.cursorOf(1), event: "order.placed" });
    expect(reader.messages[1].data).toContain('"data":{"n":12345678901234567890}');
  });

  it("keeps JSON with line breaks in one message", async () => {
    await using door = await openTestDoor();
    await using reader = await readStream(door);
    await door.fixture.publish({ id: "1", data: '{\n  "a":\r\n 1\r}', dataForm: "json" });
    await reader.received(1);
    expect(JSON.parse(reader.messages[1].data).data).toEqual({ a: 1 });
  });

  it("filters by an expression", async () => {
    await using door = await openTestDoor();
    await using reader = await readStream(door, `?filter=${encodeURIComponent("subject LIKE 'eu-%'")}`);
    await door.fixture.publish({ id: "1", attributes: { subject: "us-1" } });
    await door.fixture.publish({ id: "2", attributes: { subject: "eu-1" } });
    await reader.received(1);
    expect(reader.eventIds).toEqual(["2"]);
  });

  it("resumes after Last-Event-ID, without loss or repeat", async () => {
    await using door = await openTestDoor();
    for (const id of ["1", "2", "3"]) await door.fixture.publish({ id });
    await using reader = await readStream(door, "?since=earliest", { "last-event-id": door.fixture.node.cursorOf(1) });
    await door.fixture.publish({ id: "4" });
    await reader.received(3);
    expect(reader.eventIds).toEqual(["2", "3", "4"]);
  });

  it("begins at since=<position>, that event included, and after since=<cursor>", async () => {
    await using door = await openTestDoor();
    for (const id of ["1", "2", "3"]) await door.fixture.publish({ id });
    await using fromPosition = await readStream(door, "?since=2");
    await using afterCursor = await readStream(door, `?since=${door.fixture.node.cursorOf(2)}`);
    await fromPosition.received(2);
    await afterCursor.received(1);
    expect(fromPosition.eventIds).toEqual(["2", "3"]);
    expect(afterCursor.eventIds).toEqual(["3"]);
  });

  it("lets an EventSource that has seen no event yet resume where it began", async () => {
    await using door = await openTestDoor();
    await door.fixture.publish({ id: "1" });
    const response = await door.open("GET", "/v1/stream");
    const reader = response.body!.getReader();
    const decoder = new TextDecoder();
    let text = "";
    while (!text.includes("id:")) text += decoder.decode((await reader.read()).value);
    await reader.cancel();
    expect(text).toContain(`\n\nid: ${door.fixture.node.cursorOf(1)}\n\n`);
  });

  it("tells of a gap when retention was faster than the client", async () => {
    await using door = await openTestDoor({ retention: [{ pattern: ">", maxCount: 1 }] });
    for (const id of ["1", "2", "3"]) await door.fixture.publish({ id });
    await door.fixture.clock.advance(2000);
    await using reader = await readStream(door, "?since=1");
    await reader.received(1);
    expect(reader.messages[1].event).toBe("gap");
    expect(JSON.parse(reader.messages[1].data)).toEqual({ from: 1, to: 2, reason: "RETENTION" });
    expect(reader.eventIds).toEqual(["3"]);
  });

  it("gives each event to one member of a group", async () => {
    await using door = await openTestDoor();
    await using first = await readStream(door, "?group=billing");
    await using second = await readStream(door, "?group=billing");
    for (let i = 1; i <= 20; i++) await door.fixture.publish({ id: String(i) });
    await eventually(() => first.eventIds.length + second.eventIds.length >= 20);
    const all = [...first.eventIds, ...second.eventIds].map(Number).sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(Math.min(first.eventIds.length, second.eventIds.length)).toBeGreaterThan(0);
  });

  it("joins a group that is ordered", async () => {
    await using door = await openTestDoor();
    await door.call("PUT", "/v1/subscriptions/a", { config: { group: "billing", topic: ">", ordered: true } });
    await using reader = await readStream(door, "?group=billing&ordered=true");
    await door.fixture.publish({ id: "1" });
    await reader.received(1);
    expect(reader.eventIds).toEqual(["1"]);
    expect((await door.call("GET", "/v1/stream?group=billing")).body.code).toBe("GROUP_MISMATCH");
  });

  it("sends a comment every 15 seconds", async () => {
    await using door = await openTestDoor();
    const response = await door.open("GET", "/v1/stream");
    const reader = response.body!.getReader();
    const decoder = new TextDecoder();
    let text = "";
    while (!text.includes("id:")) text += decoder.decode((await reader.read()).value);
    const next = reader.read();
    await door.fixture.clock.advance(15_000);
    expect(decoder.decode((await next).value)).toBe(":\n\n");
    await reader.cancel();
  });

  it("loses nothing for a client that stops reading for a while", async () => {
    await using door = await openTestDoor();
    const response = await door.open("GET", "/v1/stream");
    const data = "x".repeat(10_000);
    for (let i = 1; i <= 1000; i++) await door.fixture.publish({ id: String(i), data });
    const ids: number[] = [];
    for await (const message of readServerSentEvents(response.body!)) {
      if (message.id !== undefined) ids.push(Number(JSON.parse(message.data).id));
      if (ids.length === 1000) break;
    }
    expect(ids).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
    expect(door.fixture.node.streams).toBe(0);
  });

  it("forgets a client that went away", async () => {
    await using door = await openTestDoor();
    const leave = new AbortController();
    const response = await fetch(`${await door.serve()}/v1/stream`, { signal: leave.signal });
    expect(door.fixture.node.streams).toBe(1);
    leave.abort();
    await response.body!.cancel().catch(() => undefined);
    await eventually(() => door.fixture.node.streams === 0);
  });

  it("ends when the node begins to stop", async () => {
    await using door = await openTestDoor();
    const reader = await readStream(door);
    door.drain();
    await reader.ended;
    expect(door.fixture.node.streams).toBe(0);
  });

  it("opens no stream for HEAD", async () => {
    await using door = await openTestDoor();
    const response = await door.open("HEAD", "/v1/stream");
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    expect(door.fixture.node.streams).toBe(0);
  });

  it("is refused to a client that accepts no event stream", async () => {
    await using door = await openTestDoor();
    const answer = await door.call("GET", "/v1/stream", undefined, stream("application/json"));
    expect(answer).toMatchObject({ status: 406, body: { code: "NOT_ACCEPTABLE", available: ["text/event-stream"] } });
    const excluded = await door.call("GET", "/v1/stream", undefined, stream("text/event-stream;q=0, text/html"));
    expect(excluded.status).toBe(406);
  });

  it("accepts ranges that allow an event stream", async () => {
    await using door = await openTestDoor();
    for (const accept of ["*/*", "text/*;q=0.5, application/json", "Text/Event-Stream"]) {
      const response = await door.open("GET", "/v1/stream", { headers: { accept } });
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("text/event-stream");
      await response.body!.cancel();
    }
  });

  it("refuses what it cannot meet before it begins", async () => {
    await using door = await openTestDoor();
    const refusals = {
      "?topic=order..x": "INVALID_PATTERN",
      "?filter=amount+%3E": "INVALID_FILTER",
      "?since=yesterday": "INVALID_CURSOR",
      "?group=no+spaces": "INVALID_PARAMETER",
      "?ack=explicit": "INVALID_PARAMETER",
      "?ordered=true": "INVALID_PARAMETER",
      "?group=g&ordered=yes": "INVALID_PARAMETER",
      "?ready=soon": "INVALID_PARAMETER",
    };
    for (const [query, code] of Object.entries(refusals)) {
      expect((await door.call("GET", `/v1/stream${query}`)).body).toMatchObject({ status: 400, code });
    }
    const foreign = await door.call("GET", "/v1/stream", undefined, { "last-event-id": "lzzzzzzz-1" });
    expect(foreign).toMatchObject({ status: 409, body: { code: "CURSOR_FOREIGN" } });
    const digits = await door.call("GET", "/v1/stream", undefined, { "last-event-id": "12" });
    expect(digits.body.code).toBe("INVALID_CURSOR");
    expect(door.fixture.node.streams).toBe(0);
  });

  it("is refused for a pattern that the principal's scopes do not cover", async () => {
    const principal = createPrincipal({ name: "bob", publish: [], subscribe: ["order.>"], admin: false });
    await using door = await openTestDoor({ principal });
    expect(await door.call("GET", "/v1/stream")).toMatchObject({ status: 403, body: { code: "FORBIDDEN" } });
    await using reader = await readStream(door, "?topic=order.*");
    expect(reader.messages[0].event).toBe("ready");
  });
});

describe("SseWriter", () => {
  it("has no room while more waits for the client than it should, and tells when it has again", async () => {
    let rooms = 0;
    const writer = new SseWriter({ onRoom: () => rooms++, onGone: () => undefined });
    const reader = writer.body.getReader();
    writer.write(new Uint8Array(200_000));
    expect(writer.hasRoom).toBe(true);
    writer.write(new Uint8Array(200_000));
    expect(writer.hasRoom).toBe(false);
    const before = rooms;
    await reader.read();
    await reader.read();
    await eventually(() => rooms > before);
    expect(writer.hasRoom).toBe(true);
  });

  it("says once that the client is gone, and writes nothing after it", async () => {
    let gone = 0;
    const writer = new SseWriter({ onRoom: () => undefined, onGone: () => gone++ });
    await writer.body.cancel();
    writer.write(new Uint8Array(1));
    writer.close();
    expect(gone).toBe(1);
    expect(writer.hasRoom).toBe(false);
  });
});

describe("SseEncoder", () => {
  it("gives the very same bytes to all who get the same events", async () => {
    await using door = await openTestDoor();
    for (const id of ["1", "2", "3"]) await door.fixture.publish({ id });
    const events = await door.fixture.node.store.read({ after: 0, eventsMax: 3, bytesMax: 1_000_000 });
    const encoder = new SseEncoder((position) => `c${position}`);
    expect(encoder.encode([...events])).toBe(encoder.encode([...events]));
    expect(encoder.encode([events[1]])).toBe(encoder.encode([events[1]]));
    const text = new TextDecoder().decode(encoder.encode(events.slice(0, 2)));
    expect(text).toMatch(
      /^id: c1\nevent: order\.placed\ndata: \{.*\}\n\nid: c2\nevent: order\.placed\ndata: \{.*\}\n\n$/,
    );
  });
});

describe("RecentCache", () => {
  it("forgets what is older than two generations", () => {
    const cache = new RecentCache<number, string>(10);
    for (let key = 0; key < 100; key++) cache.set(key, `value ${key}`, 1);
    const kept = Array.from({ length: 100 }, (_, key) => key).filter((key) => cache.get(key) !== undefined);
    expect(kept).toEqual(Array.from({ length: 20 }, (_, i) => 80 + i));
  });
});
