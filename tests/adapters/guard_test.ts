/** What stands in front of every route. */

import { describe, expect, it } from "bun:test";

import { createGuard, type FetchHandler, type GuardOptions } from "../../adapters/door/http/guard/mod.ts";
import { RefusedError } from "../../node/mod.ts";
import { HttpCounters, Metrics } from "../../adapters/telemetry/mod.ts";
import type { Connection } from "../../adapters/runtime/runtime.ts";

const connection = { remoteAddress: undefined } as Connection;

interface Setup {
  readonly connections?: number;
  readonly headersBytes?: number;
  readonly streams?: number;
  readonly options?: Partial<GuardOptions>;
}

function guard(handler: FetchHandler, { connections = 10, headersBytes = 500, streams = 0, options }: Setup = {}) {
  const counters = new HttpCounters();
  const failures: unknown[] = [];
  const fetch = createGuard(
    { limits: { connections, headersBytes }, clock: { now: () => 0 }, node: { streams } },
    {
      boundHost: "127.0.0.1",
      allowedHosts: [],
      allowedOrigins: ["https://shop.example"],
      counters,
      problems: { onFailure: (error) => failures.push(error), onProblem: (code) => counters.noteProblem(code) },
      ...options,
    },
    handler,
  );
  const ask = async (headers: Record<string, string> = {}, method = "GET", path = "/v1") => {
    const request = new Request(`http://127.0.0.1:7700${path}`, {
      method,
      headers: { host: "127.0.0.1:7700", ...headers },
    });
    return await fetch(request, connection);
  };
  return { ask, counters, failures };
}

async function scrape(counters: HttpCounters): Promise<string> {
  const metrics = new Metrics();
  metrics.add(counters.metrics());
  return (await metrics.render()).text;
}

const hello: FetchHandler = () => new Response("hello");

describe("createGuard()", () => {
  it("hands a good request to the handler and its answer back", async () => {
    const answer = await guard(hello).ask();
    expect(await answer.text()).toBe("hello");
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("refuses foreign hosts and origins before the handler", async () => {
    let called = false;
    const { ask } = guard(() => {
      called = true;
      return new Response();
    });
    expect((await ask({ host: "evil.example" })).status).toBe(421);
    expect((await ask({ origin: "https://evil.example" })).status).toBe(403);
    expect(called).toBe(false);
  });

  it("answers preflights itself, and lets allowed pages read answers, refusals among them", async () => {
    const origin = "https://shop.example";
    const { ask } = guard(() => Promise.reject(new RefusedError("NOT_FOUND", "gone")));
    expect((await ask({ origin, "access-control-request-method": "PUT" }, "OPTIONS")).status).toBe(204);
    const answer = await ask({ origin });
    expect(answer.status).toBe(404);
    expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
  });

  it("refuses headers beyond the limit", async () => {
    const { ask } = guard(hello);
    expect((await ask({ "x-big": "a".repeat(500) })).status).toBe(431);
    expect((await ask({ "x-big": "a".repeat(300) })).status).toBe(200);
  });

  it("leaves headers to a runtime that refuses them at that limit itself", async () => {
    const { ask } = guard(hello, { options: { runtimeHeadersBytesMax: 500 } });
    expect((await ask({ "x-big": "a".repeat(500) })).status).toBe(200);
  });

  it("refuses more requests than may be under way, and serves again when one is done", async () => {
    const release = Promise.withResolvers<Response>();
    const { ask } = guard(() => release.promise, { connections: 2 });
    const pending = [ask(), ask()];
    const refused = await ask();
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("1");
    release.resolve(new Response());
    await Promise.all(pending);
    expect((await ask()).status).toBe(200);
  });

  it("counts streams as requests under way", async () => {
    expect((await guard(hello, { connections: 2, streams: 2 }).ask()).status).toBe(503);
  });

  it("answers for a handler that throws or rejects, and counts it as done", async () => {
    const handlers: FetchHandler[] = [() => Promise.reject(new Error("inside")), () => {
      throw new Error("inside");
    }];
    for (const handler of handlers) {
      const { ask, failures } = guard(handler, { connections: 1 });
      expect((await ask()).status).toBe(500);
      expect((await ask()).status).toBe(500);
      expect(failures).toHaveLength(2);
    }
  });

  it("counts answers by route and status, refusals of its own among them", async () => {
    const { ask, counters } = guard(() => new Response(null, { status: 202 }));
    await ask({}, "POST", "/v1/topics/order.placed");
    await ask({}, "POST", "/v1/topics/order.paid?x=1");
    await ask({ host: "evil.example" }, "GET", "/routes");
    const text = await scrape(counters);
    expect(text).toContain('weft_http_requests_total{method="POST",route="/v1/topics",status="2xx"} 2');
    expect(text).toContain('weft_http_requests_total{method="GET",route="/routes",status="4xx"} 1');
    expect(text).toContain('weft_http_problems_total{code="HOST_NOT_ALLOWED"} 1');
    expect(text).toContain("weft_publish_duration_seconds_count 2");
    expect(text).toContain("weft_http_requests_active 0");
  });
});
