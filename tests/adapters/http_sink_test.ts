import { describe, expect, it } from "bun:test";

import { createEvent, decodeBatch, decodeBinary, decodeStructured } from "../../node/codec/mod.ts";
import { HttpSink, parseSinkPolicy } from "../../adapters/sink/http/mod.ts";
import { anEvent } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { aDelivery, aSink, push, SinkServer, status, wallAt } from "./http_sink_support.ts";

const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const never = new AbortController().signal;
const wallMs = Date.UTC(2030, 0, 1);

describe("HttpSink requests", () => {
  const event = createEvent({
    attributes: {
      id: "1",
      source: "/alice",
      type: "order.placed",
      subject: "a, €",
      datacontenttype: "text/plain; a=b",
    },
    data: new TextEncoder().encode("hi"),
  });
  const delivery = aDelivery({ event });

  it("carry the event in binary mode", async () => {
    await using server = await SinkServer.start();
    await aSink(server.url, { method: "PUT" }).deliver([delivery], { signal: never });
    const [{ headers, body, method, path }] = server.requests;
    expect({ method, path }).toEqual({ method: "PUT", path: "/hook" });
    expect(headers.get("ce-subject")).toBe("a,%20%E2%82%AC");
    expect({ ...decodeBinary(headers, body).attributes }).toEqual({ ...event.attributes });
    expect(textOf(body)).toBe("hi");
  });

  it("carry raw header values where the sink wants them", async () => {
    await using server = await SinkServer.start();
    await aSink(server.url, { headerEncoding: "raw" }).deliver([delivery], { signal: never });
    expect(server.requests[0].headers.get("ce-subject")).toBe("a, \u00e2\u0082\u00ac");
  });

  it("carry the event in structured mode", async () => {
    await using server = await SinkServer.start();
    await aSink(server.url, { mode: "structured" }).deliver([delivery], { signal: never });
    const [{ headers, body }] = server.requests;
    expect(headers.get("content-type")).toBe("application/cloudevents+json");
    expect(headers.has("ce-id")).toBe(false);
    expect({ ...decodeStructured(body).attributes }).toEqual({ ...event.attributes });
  });

  it("carry many events in batch mode", async () => {
    await using server = await SinkServer.start();
    const deliveries = ["1", "2"].map((id) => aDelivery({ event: anEvent({ id }), deliveryId: `msg_${id}` }));
    await aSink(server.url, { mode: "batch" }).deliver(deliveries, { signal: never });
    const [{ headers, body }] = server.requests;
    expect(headers.get("content-type")).toBe("application/cloudevents-batch+json");
    expect(decodeBatch(body, { eventsMax: 2 }).map(({ attributes }) => attributes.id)).toEqual(["1", "2"]);
  });

  it("have no body when the event has no data", async () => {
    await using server = await SinkServer.start();
    await aSink(server.url).deliver([aDelivery({ event: anEvent() })], { signal: never });
    expect(server.requests[0].body).toHaveLength(0);
    expect(server.requests[0].headers.has("content-type")).toBe(false);
  });

  it("carry configured headers, the access token and the consented origin", async () => {
    await using server = await SinkServer.start();
    const headers = { "X-Team": "a", authorization: "Basic eA==" };
    await push(server.url, { headers, accessToken: "secret", origin: "paris.example" });
    const received = server.requests[0].headers;
    expect(received.get("x-team")).toBe("a");
    expect(received.get("authorization")).toBe("Bearer secret");
    expect(received.get("webhook-request-origin")).toBe("paris.example");
  });

  it("share connections, whatever a sink says besides acknowledging", async () => {
    await using server = await SinkServer.start(status(200, { "content-type": "text/plain" }, "x".repeat(20_000)));
    const sink = aSink(server.url);
    for (let i = 0; i < 10; i++) await sink.deliver([aDelivery()], { signal: never });
    expect(server.requests).toHaveLength(10);
    // Not exactly one: Deno's pool may dial again while a connection is on its way back to the pool.
    expect(server.connections).toBeLessThan(5);
  });

  it("refuse several events outside of batch mode", async () => {
    const two = [aDelivery(), aDelivery()];
    await expect(aSink("http://127.0.0.1:9/").deliver(two, { signal: never })).rejects.toThrow("batch mode");
  });
});

describe("HttpSink outcomes", () => {
  it("acknowledge on every 2xx", async () => {
    await using server = await SinkServer.start();
    for (const code of [200, 201, 202, 204]) {
      server.answerWith(status(code));
      expect(await push(server.url)).toEqual({ type: "acknowledged", status: code });
    }
  });

  it("retry on every other status, with what the sink said", async () => {
    await using server = await SinkServer.start();
    for (const code of [400, 401, 404, 409, 415, 500, 502, 504]) {
      server.answerWith(status(code, { "x-why": "because" }, "no"));
      const outcome = await push(server.url);
      expect(outcome).toMatchObject({ type: "retry", response: { status: code, body: "no" } });
      expect(outcome).toMatchObject({
        reason: `the sink answered ${code}`,
        response: { headers: { "x-why": "because" } },
      });
    }
  });

  it("keep the first 4 KiB of an answer", async () => {
    await using server = await SinkServer.start(status(500, {}, "x".repeat(100_000)));
    const outcome = await push(server.url);
    expect(outcome.type === "retry" && outcome.response?.body.length).toBe(4096);
  });

  it("honour Retry-After of 429 and 503, in seconds and as a date, and of nothing else", async () => {
    await using server = await SinkServer.start();
    const retryAfterMs = async (code: number, value: string) => {
      server.answerWith(status(code, { "retry-after": value }));
      const outcome = await push(server.url, {}, wallAt(wallMs));
      return outcome.type === "retry" ? outcome.retryAfterMs : outcome.type;
    };
    expect(await retryAfterMs(429, "7")).toBe(7000);
    expect(await retryAfterMs(503, "Tue, 01 Jan 2030 00:00:30 GMT")).toBe(30_000);
    expect(await retryAfterMs(503, "Mon, 31 Dec 2029 00:00:00 GMT")).toBe(0);
    expect(await retryAfterMs(503, "99999999")).toBe(86_400_000);
    expect(await retryAfterMs(503, "soon")).toBeUndefined();
    expect(await retryAfterMs(500, "7")).toBeUndefined();
  });

  it("pause on 410", async () => {
    await using server = await SinkServer.start(status(410, {}, "moved out"));
    expect(await push(server.url)).toMatchObject({ type: "pause", response: { status: 410, body: "moved out" } });
  });

  it("retry on a redirect and do not follow it", async () => {
    await using elsewhere = await SinkServer.start();
    await using server = await SinkServer.start();
    for (const code of [301, 302, 303, 307, 308]) {
      server.answerWith(status(code, { location: elsewhere.url }));
      const outcome = await push(server.url);
      expect(outcome.type).toBe("retry");
      expect(outcome.type === "retry" && outcome.reason).toContain("never followed");
    }
    expect(elsewhere.requests).toHaveLength(0);
  });

  it("retry when the sink is silent, at any point of its answer", async () => {
    await using server = await SinkServer.start(() => {});
    expect(await push(server.url, { timeoutMs: 50 })).toEqual({ type: "retry", reason: "no answer within 50 ms" });
    server.answerWith((response) => {
      response.writeHead(200, { "content-type": "text/plain" });
      response.write("and then");
    });
    expect(await push(server.url, { timeoutMs: 200 })).toEqual({ type: "retry", reason: "no answer within 200 ms" });
  });

  it("retry when nobody listens or the connection breaks", async () => {
    const server = await SinkServer.start((response) => response.destroy());
    const { url } = server;
    expect((await push(url)).type).toBe("retry");
    await server[Symbol.asyncDispose]();
    expect((await push(url)).type).toBe("retry");
  });

  it("retry, without a request, when the policy forbids the sink", async () => {
    await using server = await SinkServer.start();
    const options = { ...sinkOptions, url: server.url };
    const sink = new HttpSink({ policy: parseSinkPolicy({ allowLoopback: false }) }, options);
    const outcome = await sink.deliver([aDelivery()], { signal: never });
    expect(outcome.type === "retry" && outcome.reason).toContain("loopback");
    expect(server.requests).toHaveLength(0);
  });

  it("explain a 401 after the end of the access token", async () => {
    await using server = await SinkServer.start(status(401));
    const expired = await push(
      server.url,
      { accessToken: "x", accessTokenExpires: "2029-01-01T00:00:00Z" },
      wallAt(wallMs),
    );
    expect(expired.type === "retry" && expired.reason).toContain("expired at 2029-01-01");
    const valid = await push(
      server.url,
      { accessToken: "x", accessTokenExpires: "2031-01-01T00:00:00Z" },
      wallAt(wallMs),
    );
    expect(valid.type === "retry" && valid.reason).toBe("the sink answered 401");
  });

  it("are none when the caller gives up: deliver() rejects", async () => {
    await using server = await SinkServer.start(() => {});
    const abort = new AbortController();
    const outcome = aSink(server.url).deliver([aDelivery()], { signal: abort.signal }).catch((error) => error);
    await eventually(() => server.requests.length === 1);
    abort.abort(new Error("stopping"));
    expect(String(await outcome)).toBe("Error: stopping");
    await expect(aSink(server.url).deliver([aDelivery()], { signal: abort.signal })).rejects.toThrow("stopping");
  });
});

const sinkOptions = {
  method: "POST",
  headers: {},
  mode: "binary",
  timeoutMs: 5000,
  replies: true,
  headerEncoding: "percent",
} as const;

describe("HttpSink replies", () => {
  const binary = status(
    200,
    { "ce-specversion": "1.0", "ce-id": "r", "ce-source": "/bob", "ce-type": "a", "content-type": "text/plain" },
    "yes",
  );
  const structured = status(
    200,
    { "content-type": "Application/CloudEvents+JSON; charset=utf-8" },
    '{"specversion":"1.0","id":"r","source":"/bob","type":"a","data":12345678901234567890}',
  );

  it("are read in binary and in structured mode", async () => {
    await using server = await SinkServer.start(binary);
    const one = await push(server.url);
    expect(one).toMatchObject({
      type: "acknowledged",
      reply: { attributes: { id: "r", datacontenttype: "text/plain" } },
    });
    server.answerWith(structured);
    const other = await push(server.url);
    expect(other.type === "acknowledged" && textOf(other.reply?.data)).toBe("12345678901234567890");
  });

  it("are left unread when the subscription wants none", async () => {
    await using server = await SinkServer.start(binary);
    expect(await push(server.url, { replies: false })).toEqual({ type: "acknowledged", status: 200 });
  });

  it("acknowledge also when they cannot be read, and say why", async () => {
    await using server = await SinkServer.start(status(200, { "ce-specversion": "1.0", "ce-id": "r" }));
    const missing = await push(server.url);
    expect(missing.type === "acknowledged" && missing.replyProblem).toContain("missing");
    server.answerWith(status(200, { "content-type": "application/cloudevents+json" }, `"${"x".repeat(1_100_000)}"`));
    const long = await push(server.url);
    expect(long.type === "acknowledged" && long.replyProblem).toContain("1048576 bytes");
  });
});
