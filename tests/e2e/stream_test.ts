/** `GET /v1/stream` of a real node: Server-Sent Events and both WebSocket sub-protocols, over restarts. */

import { describe, expect, it } from "bun:test";

import { eventually } from "../support/eventually.ts";
import { toStructured } from "../support/http_api.ts";
import { NodeProcess } from "../support/node_process.ts";
import { openSocket, openStream } from "../support/stream_client.ts";

const GROUP = "?group=billing&ack=explicit&ackTimeoutMs=60000";

describe("a stream of Server-Sent Events", () => {
  it("begins with ready, then gives each event its cursor, type and body", async () => {
    await using node = await NodeProcess.start();
    await using stream = await openStream(node.url, "?topic=order.>");
    expect(stream.messages[0].event).toBe("ready");
    await node.publish({ id: "0", type: "invoice.sent" });
    await node.publish({ id: "1", data: { amount: 5 } });
    await stream.received(1);
    expect(stream.messages[1]).toMatchObject({ event: "order.placed" });
    expect(JSON.parse(stream.messages[1].data)).toMatchObject({ id: "1", data: { amount: 5 } });
    expect(stream.lastId).not.toMatch(/^\d+$/);
  });

  it("resumes after Last-Event-ID over a kill, without loss or repeat", async () => {
    await using node = await NodeProcess.start();
    const before = await openStream(node.url);
    for (const id of ["1", "2"]) await node.publish({ id });
    await before.received(2);
    await node.publish({ id: "3" });
    await node.kill();
    await before.ended;
    const seen = before.eventIds;
    const cursor = before.lastId!;
    await node.restart();
    await node.publish({ id: "4" });
    await using after = await openStream(node.url, "?since=earliest", { "last-event-id": cursor });
    await after.received(4 - seen.length);
    expect([...seen, ...after.eventIds]).toEqual(["1", "2", "3", "4"]);
  });

  it("begins at a position, the earliest event, or after a cursor", async () => {
    await using node = await NodeProcess.start();
    for (const id of ["1", "2", "3"]) await node.publish({ id });
    await using earliest = await openStream(node.url, "?since=earliest");
    await earliest.received(3);
    await using position = await openStream(node.url, "?since=2");
    await position.received(2);
    await using cursor = await openStream(node.url, `?since=${earliest.messages[2].id}`);
    await cursor.received(1);
    expect([earliest.eventIds, position.eventIds, cursor.eventIds]).toEqual([["1", "2", "3"], ["2", "3"], ["3"]]);
  });

  it("says what is missing when retention was faster", async () => {
    await using node = await NodeProcess.start({ config: { retention: [{ pattern: ">", maxCount: 1 }] } });
    for (let n = 1; n <= 5; n++) await node.publish({ id: String(n) });
    await eventually(async () => (await node.call("GET", "/v1")).body.store.tail > 1, { timeoutMs: 30_000 });
    await using stream = await openStream(node.url, "?since=1");
    await stream.received(1);
    expect(stream.messages[1].event).toBe("gap");
    expect(JSON.parse(stream.messages[1].data)).toMatchObject({ from: 1, reason: "RETENTION" });
  });

  it("refuses a cursor of another node's log, 409", async () => {
    await using alice = await NodeProcess.start();
    await using bob = await NodeProcess.start();
    await using stream = await openStream(alice.url);
    await alice.publish({ id: "1" });
    await stream.received(1);
    const answer = await bob.call("GET", `/v1/stream?since=${stream.lastId}`);
    expect(answer).toMatchObject({ status: 409, body: { code: "CURSOR_FOREIGN" } });
  });

  it("ends when the node stops", async () => {
    await using node = await NodeProcess.start();
    await using stream = await openStream(node.url);
    await node.stop();
    await stream.ended;
    expect(node.end).toEqual({ code: 0, signal: null });
  });

  it("lets a ticket stand for a token", async () => {
    const token = "alice-has-a-long-token";
    const auth = { tokens: [{ token, publish: [">"], subscribe: [">"] }] };
    await using node = await NodeProcess.start({ config: { auth } });
    expect((await node.call("GET", "/v1/stream")).status).toBe(401);
    const authorization = `Bearer ${token}`;
    const { body } = await node.call("POST", "/v1/tickets", undefined, { authorization });
    await using stream = await openStream(node.url, `?ticket=${encodeURIComponent(body.ticket)}`);
    await node.publish({ id: "1" }, { authorization });
    await stream.received(1);
    expect(stream.eventIds).toEqual(["1"]);
  });
});

describe("a WebSocket that speaks weft.json", () => {
  it("is ready, publishes, gets receipts and events", async () => {
    await using node = await NodeProcess.start();
    using client = await openSocket(node.url, "?topic=order.>", ["weft.json"]);
    expect(client.socket.protocol).toBe("weft.json");
    await client.until(({ kind }) => kind === "ready");
    client.socket.send(JSON.stringify({ kind: "publish", ref: "r1", event: toStructured({ id: "1" }) }));
    const receipt = await client.until(({ kind }) => kind === "receipt");
    expect(receipt).toMatchObject({ ref: "r1", cluster: node.ready.cluster, position: 1 });
    const message = await client.until(({ kind }) => kind === "event");
    expect(message.event).toEqual(toStructured({ id: "1" }));
  });

  it("is what is spoken when none is offered", async () => {
    await using node = await NodeProcess.start();
    using client = await openSocket(node.url);
    expect((await client.until(() => true)).kind).toBe("ready");
  });

  it("answers a mistake with a problem and goes on", async () => {
    await using node = await NodeProcess.start();
    using client = await openSocket(node.url);
    client.socket.send(JSON.stringify({ kind: "publish", ref: 7, event: { specversion: "1.0" } }));
    const error = await client.until(({ kind }) => kind === "error");
    expect(error).toMatchObject({ ref: 7, problem: { status: 400 } });
    client.socket.send("this is no JSON");
    await client.until(({ kind, problem }) => kind === "error" && problem.code === "INVALID_MESSAGE");
    await node.publish({ id: "1" });
    await client.until(({ kind }) => kind === "event");
  });

  it("gives a member of the same group what was not acknowledged", async () => {
    await using node = await NodeProcess.start();
    const first = await openSocket(node.url, GROUP, ["weft.json"]);
    await first.until(({ kind }) => kind === "ready");
    for (const id of ["1", "2"]) await node.publish({ id });
    const acknowledged = await first.until(({ event }) => event?.id === "1");
    await first.until(({ event }) => event?.id === "2");
    first.socket.send(JSON.stringify({ kind: "ack", cursor: acknowledged.cursor }));
    first.socket.close();
    await first.closed;
    using second = await openSocket(node.url, GROUP, ["weft.json"]);
    await second.until(({ event }) => event?.id === "2");
    await node.publish({ id: "3" });
    await second.until(({ event }) => event?.id === "3");
    expect(second.messages.some(({ event }) => event?.id === "1")).toBe(false);
  });
});

describe("a WebSocket that speaks cloudevents.json", () => {
  it("carries structured events both ways, and nothing else", async () => {
    await using node = await NodeProcess.start();
    using client = await openSocket(node.url, "?topic=order.>", ["cloudevents.json"]);
    expect(client.socket.protocol).toBe("cloudevents.json");
    client.socket.send(JSON.stringify(toStructured({ id: "1", data: { amount: 5 } })));
    await client.until(() => true);
    expect(client.messages).toEqual([toStructured({ id: "1", data: { amount: 5 } })]);
  });

  it("closes with 1007 and the problem's code for a bad event", async () => {
    await using node = await NodeProcess.start();
    using client = await openSocket(node.url, "", ["cloudevents.json"]);
    client.socket.send('{"specversion":"1.0"}');
    expect(await client.closed).toMatchObject({ code: 1007, reason: "MISSING_ATTRIBUTE" });
  });

  it("has its interest in place before it opens", async () => {
    await using node = await NodeProcess.start();
    using client = await openSocket(node.url, "", ["cloudevents.json"]);
    await node.publish({ id: "1" });
    expect((await client.until(() => true)).id).toBe("1");
  });
});
