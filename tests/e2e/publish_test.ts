/** Publishing to a real node as any HTTP client does: the modes, the receipts, and what a repeat means. */

import { describe, expect, it } from "bun:test";

import { BATCH, STRUCTURED, toStructured } from "../support/http_api.ts";
import { NodeProcess } from "../support/node_process.ts";

const binary = (id: string, more: Record<string, string> = {}) => ({
  "ce-specversion": "1.0",
  "ce-id": id,
  "ce-source": "/shops/alice",
  "ce-type": "order.placed",
  ...more,
});

async function log(node: NodeProcess) {
  return (await node.call("GET", "/v1/events")).body.events;
}

describe("POST /v1/events of a node", () => {
  it("takes binary mode and answers 202 with the receipt", async () => {
    await using node = await NodeProcess.start();
    const answer = await node.call("POST", "/v1/events", '{"amount":5}', {
      ...binary("1", { "ce-subject": "eu-%C3%A9" }),
      "content-type": "application/json",
    });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ cluster: node.ready.cluster, sequence: 1, position: 1 });
    expect(Number.isSafeInteger(answer.body.epoch)).toBe(true);
    const [entry] = await log(node);
    expect(entry.receipt).toEqual(answer.body);
    expect(entry.topic).toBe("order.placed");
    expect(entry.event).toEqual({
      specversion: "1.0",
      id: "1",
      source: "/shops/alice",
      type: "order.placed",
      subject: "eu-é",
      datacontenttype: "application/json",
      data: { amount: 5 },
    });
  });

  it("takes structured mode, at / as well", async () => {
    await using node = await NodeProcess.start();
    const event = toStructured({ id: "1", data: { amount: 5 }, comexampleextension: 7 });
    expect((await node.call("POST", "/", event, STRUCTURED)).status).toBe(202);
    expect((await log(node))[0].event).toEqual(event);
  });

  it("takes a batch and answers a receipt for each", async () => {
    await using node = await NodeProcess.start();
    const events = ["1", "2", "3"].map((id) => toStructured({ id }));
    const { status, body } = await node.call("POST", "/v1/events", events, BATCH);
    expect(status).toBe(202);
    expect(body.accepted).toBe(3);
    expect(body.receipts.map(({ position }: { position: number }) => position)).toEqual([1, 2, 3]);
  });

  it("takes no event of a batch when one is wrong, and says which", async () => {
    await using node = await NodeProcess.start();
    const events = [toStructured({ id: "1" }), { specversion: "1.0", id: "2" }];
    const { status, body } = await node.call("POST", "/v1/events", events, BATCH);
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([{ index: 1 }]);
    expect(await log(node)).toEqual([]);
  });

  it("keeps data that are not JSON byte for byte", async () => {
    await using node = await NodeProcess.start();
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    await node.call("POST", "/v1/events", bytes, { ...binary("1"), "content-type": "application/octet-stream" });
    const [{ event }] = await log(node);
    expect(Uint8Array.from(atob(event.data_base64), (char) => char.charCodeAt(0))).toEqual(bytes);
  });

  it("keeps numbers that JavaScript would round", async () => {
    await using node = await NodeProcess.start();
    const text = JSON.stringify(toStructured({ id: "1" })).replace("}", ',"data":{"n":12345678901234567890}}');
    await node.call("POST", "/v1/events", text, STRUCTURED);
    expect((await node.call("GET", "/v1/events")).text).toContain('"n":12345678901234567890');
  });

  it("answers a repeat 202 with the first receipt, and stores it once", async () => {
    await using node = await NodeProcess.start();
    const first = await node.publish({ id: "1", data: 1, time: "2026-01-01T00:00:00Z" });
    const second = await node.publish({ id: "1", data: 1, time: "2026-01-02T00:00:00Z" });
    expect(second.status).toBe(202);
    expect(second.body).toEqual({ ...first.body, duplicate: true });
    expect(await log(node)).toHaveLength(1);
  });

  it("recognises a repeat after a kill", async () => {
    await using node = await NodeProcess.start();
    const first = await node.publish({ id: "1" });
    await node.kill();
    await node.restart();
    expect((await node.publish({ id: "1" })).body).toEqual({ ...first.body, duplicate: true });
    expect(await log(node)).toHaveLength(1);
  });

  it("refuses the same id with other data, 409", async () => {
    await using node = await NodeProcess.start();
    await node.publish({ id: "1", data: 1 });
    expect(await node.publish({ id: "1", data: 2 })).toMatchObject({ status: 409, body: { code: "ID_CONFLICT" } });
    expect(await node.publish({ id: "1", data: 1, subject: "x" })).toMatchObject({ status: 409 });
    expect((await node.publish({ id: "1", data: 1, source: "/shops/bob" })).status).toBe(202);
  });

  it("gives a repeat in a batch its first receipt; a conflict fails the whole batch", async () => {
    await using node = await NodeProcess.start();
    const { body: first } = await node.publish({ id: "1" });
    const repeat = await node.call("POST", "/v1/events", [{ id: "2" }, { id: "1" }].map(toStructured), BATCH);
    expect(repeat.body.receipts).toMatchObject([{ position: 2 }, { ...first, duplicate: true }]);
    const conflict = [toStructured({ id: "3" }), toStructured({ id: "1", data: "other" })];
    expect((await node.call("POST", "/v1/events", conflict, BATCH)).status).toBe(409);
    expect(await log(node)).toHaveLength(2);
  });

  it("routes by the extension topic, and refuses one that is no topic", async () => {
    await using node = await NodeProcess.start();
    await node.publish({ id: "1", topic: "eu.orders" });
    expect((await log(node))[0].topic).toBe("eu.orders");
    for (const topic of ["eu..orders", "eu.*", "eu.>"]) {
      expect(await node.publish({ id: "2", topic })).toMatchObject({ status: 400, body: { code: "INVALID_TOPIC" } });
    }
  });

  it("percent-encodes what a topic cannot hold when it comes from the type", async () => {
    await using node = await NodeProcess.start();
    await node.publish({ id: "1", type: "a b.*..c" });
    expect((await log(node))[0].topic).toBe("a%20b.%2A.%.c");
  });

  it("takes the same custody for every Weft-Ack where there is one cluster, and refuses others", async () => {
    await using node = await NodeProcess.start();
    for (const [n, ack] of ["accepted", "next-hop", "all"].entries()) {
      const answer = await node.publish({ id: String(n) }, { "weft-ack": ack, prefer: "wait=1" });
      expect(answer.status).toBe(202);
      expect(answer.body.pending ?? []).toEqual([]);
    }
    expect(await node.publish({ id: "9" }, { "weft-ack": "maybe" })).toMatchObject({
      status: 400,
      body: { code: "INVALID_HEADER" },
    });
  });

  it("accepts an event whose time has passed, and delivers it to nobody", async () => {
    await using node = await NodeProcess.start();
    await node.call("PUT", "/v1/subscriptions/audit", { protocol: "PULL" });
    expect((await node.publish({ id: "1", expirytime: "2001-01-01T00:00:00Z" })).status).toBe(202);
    expect((await node.publish({ id: "2" }, { "weft-ttl-ms": "60000" })).status).toBe(202);
    const pulled = await node.call("POST", "/v1/subscriptions/audit/pull", { waitMs: 5000 });
    expect(pulled.body.events.map(({ event }: { event: { id: string } }) => event.id)).toEqual(["2"]);
  });
});

describe("POST /v1/topics/{topic} of a node", () => {
  it("wraps any body into an event of that type", async () => {
    await using node = await NodeProcess.start();
    const headers = { "content-type": "text/plain", "ce-id": "1", "ce-source": "/tills/7" };
    expect((await node.call("POST", "/v1/topics/till.opened", "hello", headers)).status).toBe(202);
    expect((await log(node))[0]).toMatchObject({
      topic: "till.opened",
      event: { id: "1", source: "/tills/7", type: "till.opened", datacontenttype: "text/plain", data: "hello" },
    });
  });

  it("takes Idempotency-Key for the id, and the federation for the source", async () => {
    await using node = await NodeProcess.start();
    const send = () =>
      node.call("POST", "/v1/topics/a.b", "x", { "idempotency-key": "k1", "content-type": "text/plain" });
    expect((await send()).body.duplicate).toBeUndefined();
    expect((await send()).body.duplicate).toBe(true);
    expect((await log(node))[0].event).toMatchObject({ id: "k1", source: "/federations/default" });
  });

  it("leaves a CloudEvent as it is and routes it to the topic", async () => {
    await using node = await NodeProcess.start();
    const event = toStructured({ id: "1" });
    await node.call("POST", "/v1/topics/eu.orders", event, STRUCTURED);
    expect((await log(node))[0]).toMatchObject({ topic: "eu.orders", event });
  });

  it("refuses a topic with a wildcard", async () => {
    await using node = await NodeProcess.start();
    const answer = await node.call("POST", "/v1/topics/eu.%2A", "x", { "content-type": "text/plain" });
    expect(answer).toMatchObject({ status: 400, body: { code: "INVALID_TOPIC" } });
  });
});
