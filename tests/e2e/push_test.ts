/** Subscriptions of a real node that push to a real HTTP sink. */

import { describe, expect, it } from "bun:test";
import { Webhook } from "standardwebhooks";

import { SinkServer, status } from "../adapters/http_sink_support.ts";
import { eventually } from "../support/eventually.ts";
import { NodeProcess } from "../support/node_process.ts";

const PATIENCE = { timeoutMs: 20_000 };
const fast = { minMs: 20, maxMs: 100 };

async function subscribe(node: NodeProcess, id: string, subscription: Record<string, unknown>): Promise<void> {
  const answer = await node.call("PUT", `/v1/subscriptions/${id}`, { protocol: "HTTP", ...subscription });
  if (answer.status !== 201) throw new Error(`Cannot subscribe "${id}": ${answer.text}`);
}

async function received(sink: SinkServer, count: number): Promise<void> {
  await eventually(() => sink.requests.length >= count, PATIENCE);
}

const idsOf = (sink: SinkServer) => sink.requests.map(({ headers }) => headers.get("ce-id"));
const textOf = (body: Uint8Array) => new TextDecoder().decode(body);

describe("a subscription that pushes", () => {
  it("gets events in binary mode, with its own method and headers", async () => {
    await using sink = await SinkServer.start();
    await using node = await NodeProcess.start();
    const protocolsettings = { method: "PUT", headers: { "x-shop": "7" } };
    await subscribe(node, "billing", { sink: sink.url, config: { topic: "order.*" }, protocolsettings });
    await node.publish({ id: "0", type: "invoice.sent" });
    await node.publish({ id: "1", data: { amount: 5 } });
    await received(sink, 1);
    const [{ method, headers, body }] = sink.requests;
    expect([method, headers.get("ce-id"), headers.get("ce-type"), headers.get("x-shop")])
      .toEqual(["PUT", "1", "order.placed", "7"]);
    expect(JSON.parse(textOf(body))).toEqual({ amount: 5 });
  });

  it("gets structured mode and batches when it asks for them", async () => {
    await using structured = await SinkServer.start();
    await using batch = await SinkServer.start();
    await using node = await NodeProcess.start();
    await subscribe(node, "structured", { sink: structured.url, protocolsettings: { mode: "structured" } });
    await subscribe(node, "batch", { sink: batch.url, protocolsettings: { mode: "batch", maxSize: 2 } });
    for (const id of ["1", "2"]) await node.publish({ id });
    await received(structured, 2);
    await received(batch, 1);
    expect(structured.requests[0].headers.get("content-type")).toContain("application/cloudevents+json");
    expect(JSON.parse(textOf(structured.requests[0].body)).specversion).toBe("1.0");
    const batches = batch.requests.flatMap(({ body }) => JSON.parse(textOf(body)));
    expect(batches.map(({ id }: { id: string }) => id)).toContain("1");
    expect(batch.requests[0].headers.get("content-type")).toContain("application/cloudevents-batch+json");
  });

  it("gets what its source, types and filters want, and nothing else", async () => {
    await using sink = await SinkServer.start();
    await using node = await NodeProcess.start();
    await subscribe(node, "billing", {
      sink: sink.url,
      source: "/shops/alice",
      types: ["order.placed"],
      filters: [{ sql: "amount > 100" }, { prefix: { subject: "eu-" } }],
    });
    await node.publish({ id: "cheap", amount: 5, subject: "eu-1" });
    await node.publish({ id: "elsewhere", amount: 500, subject: "us-1" });
    await node.publish({ id: "paid", amount: 500, subject: "eu-1", type: "order.paid" });
    await node.publish({ id: "bob", amount: 500, subject: "eu-1", source: "/shops/bob" });
    await node.publish({ id: "wanted", amount: 500, subject: "eu-1" });
    await received(sink, 1);
    expect(idsOf(sink)).toEqual(["wanted"]);
  });

  it("repeats what fails, under the same webhook-id, until it is taken", async () => {
    await using sink = await SinkServer.start();
    await using node = await NodeProcess.start();
    let failures = 2;
    sink.answerWith((response) => response.writeHead(failures-- > 0 ? 500 : 204).end());
    await subscribe(node, "billing", { sink: sink.url, config: { retry: fast }, protocolsettings: { secret: "s" } });
    await node.publish({ id: "1" });
    await received(sink, 3);
    expect(new Set(sink.requests.map(({ headers }) => headers.get("webhook-id"))).size).toBe(1);
    await eventually(async () => {
      const { body } = await node.call("GET", "/v1/subscriptions/billing");
      expect(body.status).toMatchObject({ delivered: 1, failed: 2, lag: 0, state: "active" });
    }, PATIENCE);
  });

  it("repeats after a sink that does not answer in time", async () => {
    await using sink = await SinkServer.start();
    await using node = await NodeProcess.start();
    sink.answerWith(() => undefined);
    await subscribe(node, "billing", { sink: sink.url, config: { retry: fast }, protocolsettings: { timeoutMs: 50 } });
    await node.publish({ id: "1" });
    await received(sink, 2);
    expect(idsOf(sink)).toEqual(["1", "1"]);
  });

  it("waits as long as Retry-After says", async () => {
    await using sink = await SinkServer.start();
    await using node = await NodeProcess.start();
    const times: number[] = [];
    sink.answerWith((response) => {
      times.push(performance.now());
      response.writeHead(times.length === 1 ? 503 : 204, { "retry-after": "2" }).end();
    });
    await subscribe(node, "billing", { sink: sink.url, config: { retry: { ...fast, maxMs: 60_000 } } });
    await node.publish({ id: "1" });
    await received(sink, 2);
    expect(times[1] - times[0]).toBeGreaterThanOrEqual(1990);
  });

  it("takes up its attempts and their delay after a kill", async () => {
    await using sink = await SinkServer.start(status(500));
    await using node = await NodeProcess.start();
    await subscribe(node, "billing", { sink: sink.url, config: { retry: { ...fast, attemptsMax: 4 } } });
    await node.publish({ id: "1" });
    await received(sink, 2);
    await node.kill();
    await node.restart();
    await eventually(async () => {
      const { body } = await node.call("GET", "/v1/dead-letters");
      expect(body.deadLetters).toMatchObject([{ attempts: 4 }]);
    }, PATIENCE);
    // What was under way, or not yet written, at the kill counts for none: never more than two attempts again.
    expect(sink.requests.length).toBeLessThanOrEqual(6);
  });

  it("ends as a dead letter that tells why, and comes again when it is redriven", async () => {
    await using sink = await SinkServer.start(status(418, { "x-why": "teapot" }, "short and stout"));
    await using node = await NodeProcess.start();
    await subscribe(node, "billing", { sink: sink.url, config: { retry: { ...fast, attemptsMax: 2 } } });
    await node.publish({ id: "1", data: "hi" });
    const letter = await eventually(async () => {
      const { body } = await node.call("GET", "/v1/dead-letters?subscription=billing");
      expect(body.deadLetters).toHaveLength(1);
      return body.deadLetters[0];
    }, PATIENCE);
    expect(letter).toMatchObject({ subscription: "billing", event: { id: "1", data: "hi" } });
    expect(letter.lastResponse).toMatchObject({ status: 418, body: "short and stout" });
    const shown = await node.call("GET", `/v1/dead-letters/${encodeURIComponent(letter.id)}`);
    expect(shown.body).toMatchObject(letter);
    const before = sink.requests.length;
    sink.answerWith(status(204));
    const redriven = await node.call("POST", "/v1/dead-letters/redrive", { ids: [letter.id] });
    expect(redriven.body.redriven).toBe(1);
    await received(sink, before + 1);
    expect((await node.call("GET", "/v1/dead-letters")).body.deadLetters).toEqual([]);
  });

  it("purges a dead letter, once", async () => {
    await using sink = await SinkServer.start(status(400));
    await using node = await NodeProcess.start();
    await subscribe(node, "billing", { sink: sink.url, config: { retry: { ...fast, attemptsMax: 1 } } });
    await node.publish({ id: "1" });
    const id = await eventually(async () => {
      const { body } = await node.call("GET", "/v1/dead-letters");
      return encodeURIComponent(body.deadLetters[0].id);
    }, PATIENCE);
    const purged = await node.call("DELETE", `/v1/dead-letters/${id}`);
    expect([200, 204]).toContain(purged.status);
    expect((await node.call("DELETE", `/v1/dead-letters/${id}`)).status).toBe(404);
  });

  it("pauses when the sink is gone, 410, and goes on when it is resumed", async () => {
    await using sink = await SinkServer.start(status(410));
    await using node = await NodeProcess.start();
    await subscribe(node, "billing", { sink: sink.url, config: { retry: fast } });
    await node.publish({ id: "1" });
    await eventually(async () => {
      const { body } = await node.call("GET", "/v1/subscriptions/billing");
      expect(body.status.state).toBe("paused");
    }, PATIENCE);
    sink.answerWith(status(204));
    expect((await node.call("PATCH", "/v1/subscriptions/billing", { paused: false })).status).toBe(200);
    await received(sink, 2);
    expect(idsOf(sink)).toEqual(["1", "1"]);
  });

  it("publishes a reply that is an event, unless it is told not to", async () => {
    const reply = status(200, {
      "ce-specversion": "1.0",
      "ce-id": "r1",
      "ce-source": "/billing",
      "ce-type": "invoice.sent",
      "content-type": "application/json",
    }, '{"no":7}');
    await using sink = await SinkServer.start(reply);
    await using node = await NodeProcess.start();
    await subscribe(node, "quiet", { sink: sink.url, types: ["order.paid"], protocolsettings: { replies: false } });
    await subscribe(node, "billing", { sink: sink.url, types: ["order.placed"] });
    await node.publish({ id: "1", type: "order.paid" });
    await received(sink, 1);
    await node.publish({ id: "2" });
    await eventually(async () => {
      const { body } = await node.call("GET", "/v1/events?topic=invoice.sent");
      expect(body.events).toMatchObject([{ event: { id: "r1", source: "/billing", data: { no: 7 } } }]);
    }, PATIENCE);
    const { body } = await node.call("GET", "/v1/events");
    expect(body.events.map(({ event }: { event: { id: string } }) => event.id)).toEqual(["1", "2", "r1"]);
  });

  it("is signed as Standard Webhooks: its own library verifies it, and finds a change", async () => {
    await using sink = await SinkServer.start();
    await using node = await NodeProcess.start();
    const secret = `whsec_${btoa("twenty-four bytes long!!")}`;
    await subscribe(node, "billing", { sink: sink.url, protocolsettings: { secret } });
    await node.publish({ id: "1", data: { amount: 5 } });
    await received(sink, 1);
    const [{ headers, body }] = sink.requests;
    const text = textOf(body);
    const webhook = new Webhook(secret);
    const signed = Object.fromEntries(headers);
    expect(webhook.verify(text, signed)).toMatchObject({ id: "1", data: { amount: 5 } });
    expect(() => webhook.verify(text.replace("5", "6"), signed)).toThrow();
    const { text: resource } = await node.call("GET", "/v1/subscriptions/billing");
    expect(resource).not.toContain("whsec_");
  });

  it("does the handshake when it is asked to, and is refused without consent", async () => {
    await using sink = await SinkServer.start();
    await using node = await NodeProcess.start();
    const subscription = { protocol: "HTTP", sink: sink.url, protocolsettings: { validate: true } };
    const refused = await node.call("PUT", "/v1/subscriptions/billing", subscription);
    expect(refused).toMatchObject({ status: 400, body: { code: "SINK_NOT_VALIDATED" } });
    sink.answerWith(status(200, { "webhook-allowed-origin": "*" }));
    expect((await node.call("PUT", "/v1/subscriptions/billing", subscription)).status).toBe(201);
    expect(sink.requests.map(({ method }) => method)).toEqual(["OPTIONS", "OPTIONS"]);
    expect(sink.requests[1].headers.get("webhook-request-origin")).toBe(node.ready.node);
  });

  it("keeps the order of each key when it is ordered, whatever fails", async () => {
    await using sink = await SinkServer.start();
    await using node = await NodeProcess.start();
    const taken: string[] = [];
    let requests = 0;
    sink.answerWith((response, { headers }) => {
      const fails = ++requests % 3 === 0;
      if (!fails) taken.push(headers.get("ce-id")!);
      response.writeHead(fails ? 500 : 204).end();
    });
    await subscribe(node, "billing", {
      sink: sink.url,
      config: { ordered: true, retry: { ...fast, attemptsMax: 100 } },
    });
    for (let n = 1; n <= 30; n++) await node.publish({ id: String(n), partitionkey: String(n % 3) });
    await eventually(() => taken.length === 30, PATIENCE);
    for (const key of [0, 1, 2]) {
      const ofKey = taken.map(Number).filter((n) => n % 3 === key);
      expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
    }
  });

  it("gives each event to one member of a group", async () => {
    await using alice = await SinkServer.start();
    await using bob = await SinkServer.start();
    await using node = await NodeProcess.start();
    await subscribe(node, "alice", { sink: alice.url, config: { group: "billing", maxInFlight: 1 } });
    await subscribe(node, "bob", { sink: bob.url, config: { group: "billing", maxInFlight: 1 } });
    const ids = Array.from({ length: 40 }, (_, n) => String(n));
    await Promise.all(ids.map((id) => node.publish({ id })));
    await eventually(() => alice.requests.length + bob.requests.length >= 40, PATIENCE);
    expect([...idsOf(alice), ...idsOf(bob)].sort()).toEqual([...ids].sort());
    expect(Math.min(alice.requests.length, bob.requests.length)).toBeGreaterThan(0);
  });
});
