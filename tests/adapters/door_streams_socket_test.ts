/** `GET /v1/stream` over a WebSocket, in both sub-protocols. */

import { describe, expect, it } from "bun:test";

import { createPrincipal } from "../../adapters/door/http/auth/mod.ts";
import { eventually } from "../support/eventually.ts";
import { openTestDoor } from "./door_support.ts";
import { openSocket } from "./door_streams_support.ts";

const event = (id: string, rest = "") =>
  `{"specversion":"1.0","id":"${id}","source":"/a","type":"order.placed"${rest}}`;

describe("weft.json", () => {
  it("is spoken when the client offers no sub-protocol", async () => {
    await using door = await openTestDoor();
    const reader = await openSocket(door);
    expect(reader.socket.protocol).toBe("");
    expect(await reader.kind("ready")).toMatchObject({ replay: "local", node: "alice", cluster: "alice" });
  });

  it("carries events with their cursor, data untouched", async () => {
    await using door = await openTestDoor();
    const reader = await openSocket(door, "?topic=order.>", ["weft.json"]);
    expect(reader.socket.protocol).toBe("weft.json");
    await door.fixture.publish({ id: "1", data: '{"n":12345678901234567890}', dataForm: "json" });
    const message = await reader.kind("event");
    expect(message).toMatchObject({ cursor: door.fixture.node.cursorOf(1), event: { id: "1" } });
    expect(reader.texts.at(-1)).toContain('"data":{"n":12345678901234567890}');
  });

  it("publishes, and answers with the receipt once the event is durable", async () => {
    await using door = await openTestDoor();
    const reader = await openSocket(door, "?topic=nothing");
    reader.socket.send(
      `{"kind":"publish","ref":{"my":[1]},"event":${event("1", ',"data":{"n":12345678901234567890}')}}`,
    );
    expect(await reader.kind("receipt")).toMatchObject({
      ref: { my: [1] },
      cluster: "alice",
      sequence: 1,
      position: 1,
    });
    const { text } = await door.call("GET", "/v1/events");
    expect(text).toContain('"data":{"n":12345678901234567890}');
  });

  it("answers a bad event with a problem and goes on", async () => {
    await using door = await openTestDoor();
    const reader = await openSocket(door);
    reader.socket.send('{"kind":"publish","ref":1,"event":{"specversion":"1.0"}}');
    expect(await reader.kind("error")).toMatchObject({ ref: 1, problem: { code: "MISSING_ATTRIBUTE", status: 400 } });
    reader.socket.send(`{"kind":"publish","ref":2,"event":${event("1")}}`);
    expect((await reader.kind("receipt")).ref).toBe(2);
  });

  it("answers what is no message with a problem", async () => {
    await using door = await openTestDoor();
    for (
      const text of ['{"kind":"dance","ref":7}', '{"ref":7}', '{"kind":"ack","ref":7}', '{"kind":"publish","ref":7}']
    ) {
      const reader = await openSocket(door);
      reader.socket.send(text);
      expect((await reader.kind("error")).problem.code).toBe("INVALID_MESSAGE");
      reader.socket.close();
    }
    const reader = await openSocket(door);
    reader.socket.send("{");
    expect((await reader.kind("error")).problem.code).toBe("MALFORMED_JSON");
  });

  it("refuses to publish where the principal's scopes do not allow it", async () => {
    const principal = createPrincipal({ name: "bob", publish: ["invoice.>"], subscribe: [">"], admin: false });
    await using door = await openTestDoor({ principal });
    const reader = await openSocket(door);
    reader.socket.send(`{"kind":"publish","ref":1,"event":${event("1")}}`);
    const { problem } = await reader.kind("error");
    expect(problem).toMatchObject({ code: "FORBIDDEN", scope: "weft:publish:order.placed" });
    expect(door.fixture.node.store.head).toBe(0);
  });

  it("sends what is not acknowledged again, with ack=explicit", async () => {
    await using door = await openTestDoor();
    const reader = await openSocket(door, "?ack=explicit&maxInFlight=1&ackTimeoutMs=1000");
    const ids = () => reader.messages.filter(({ kind }) => kind === "event").map(({ event }) => event.id);
    await door.fixture.publish({ id: "1" });
    await door.fixture.publish({ id: "2" });
    await reader.kind("event");
    await door.fixture.clock.advance(1000);
    await eventually(() => ids().length === 2);
    expect(ids()).toEqual(["1", "1"]);
    reader.socket.send(JSON.stringify({ kind: "ack", cursor: door.fixture.node.cursorOf(1) }));
    await eventually(() => ids().length === 3);
    expect(ids()).toEqual(["1", "1", "2"]);
  });

  it("gives what one connection of a group did not acknowledge to the next", async () => {
    await using door = await openTestDoor();
    const first = await openSocket(door, "?ack=explicit&group=billing");
    await door.fixture.publish({ id: "1" });
    await door.fixture.publish({ id: "2" });
    await eventually(() => first.messages.filter(({ kind }) => kind === "event").length === 2);
    first.socket.send(JSON.stringify({ kind: "ack", cursor: door.fixture.node.cursorOf(1) }));
    first.socket.send('{"kind":"ack","ref":"seen","cursor":"nonsense"}');
    await first.kind("error");
    first.socket.close();
    await first.closed;
    const second = await openSocket(door, "?ack=explicit&group=billing");
    const ids = () => second.messages.filter(({ kind }) => kind === "event").map(({ event }) => event.id);
    await eventually(async () => {
      await door.fixture.clock.advance(10);
      return ids().length > 0;
    });
    expect(ids()).toEqual(["2"]);
  });

  it("tells of a gap when retention was faster than the client", async () => {
    await using door = await openTestDoor({ retention: [{ pattern: ">", maxCount: 1 }] });
    for (const id of ["1", "2", "3"]) await door.fixture.publish({ id });
    await door.fixture.clock.advance(2000);
    const reader = await openSocket(door, "?since=1");
    expect(await reader.kind("gap")).toEqual({ kind: "gap", from: 1, to: 2, reason: "RETENTION" });
  });
});

describe("cloudevents.json", () => {
  it("carries structured events, one a message, and nothing else", async () => {
    await using door = await openTestDoor();
    const reader = await openSocket(door, "", ["unknown", "cloudevents.json"]);
    expect(reader.socket.protocol).toBe("cloudevents.json");
    reader.socket.send(event("1"));
    await eventually(() => reader.texts.length > 0);
    expect(reader.messages).toMatchObject([{ specversion: "1.0", id: "1", type: "order.placed" }]);
  });

  it("closes with 1007 and the problem's code for a bad event", async () => {
    await using door = await openTestDoor();
    const reader = await openSocket(door, "", ["cloudevents.json"]);
    reader.socket.send('{"specversion":"1.0","id":"1"}');
    expect(await reader.closed).toEqual({ code: 1007, reason: "MISSING_ATTRIBUTE" });
    await eventually(() => door.fixture.node.streams === 0);
  });

  it("closes with 1008 where the principal may not publish", async () => {
    const principal = createPrincipal({ name: "bob", publish: [], subscribe: [">"], admin: false });
    await using door = await openTestDoor({ principal });
    const reader = await openSocket(door, "", ["cloudevents.json"]);
    reader.socket.send(event("1"));
    expect(await reader.closed).toEqual({ code: 1008, reason: "FORBIDDEN" });
  });
});

describe("GET /v1/stream with an upgrade", () => {
  it("has the interest in place before the socket opens", async () => {
    await using door = await openTestDoor();
    const reader = await openSocket(door, "", ["cloudevents.json"]);
    await door.fixture.publish({ id: "1" });
    await eventually(() => reader.texts.length === 1);
  });

  it("closes with 1001 when the node begins to stop", async () => {
    await using door = await openTestDoor();
    const reader = await openSocket(door);
    door.drain();
    expect((await reader.closed).code).toBe(1001);
  });

  it("forgets a client that went away", async () => {
    await using door = await openTestDoor();
    const reader = await openSocket(door);
    expect(door.fixture.node.streams).toBe(1);
    reader.socket.close();
    await eventually(() => door.fixture.node.streams === 0);
  });

  it("refuses sub-protocols that it does not speak", async () => {
    await using door = await openTestDoor();
    const headers = { upgrade: "websocket", "sec-websocket-protocol": "mqtt, stomp" };
    const answer = await door.call("GET", "/v1/stream", undefined, headers);
    expect(answer).toMatchObject({ status: 400, body: { code: "INVALID_HEADER", header: "Sec-WebSocket-Protocol" } });
    expect(door.fixture.node.streams).toBe(0);
  });
});
