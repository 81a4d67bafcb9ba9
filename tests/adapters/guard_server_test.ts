/** Limits of the door over real sockets: the runtime's server must leave the refusing to the door. */

import { afterAll, beforeAll, describe, expect, it } from "bun:test";

import { createGuard, readBody } from "../../adapters/door/http/guard/mod.ts";
import { toProblem } from "../../adapters/door/http/problems.ts";
import { detectRuntime } from "../../adapters/runtime/detect.ts";
import type { HttpServer } from "../../adapters/runtime/runtime.ts";
import { HttpCounters } from "../../adapters/telemetry/mod.ts";

const bytesMax = 1000;
const problems = { onFailure: () => undefined };

let server: HttpServer;

beforeAll(async () => {
  const runtime = await detectRuntime();
  const context = {
    limits: { connections: 10, headersBytes: 4096 },
    clock: { now: () => performance.now() },
    node: { streams: 0 },
  };
  const options = {
    boundHost: "127.0.0.1",
    allowedHosts: [],
    allowedOrigins: [],
    counters: new HttpCounters(),
    problems,
  };
  const fetch = createGuard(context, options, async (request) => {
    const body = await readBody(request, { bytesMax, timeoutMs: 100 }).catch((error) => toProblem(error, problems));
    return body instanceof Response ? body : new Response(String(body.length));
  });
  server = await runtime.serve({ hostname: "127.0.0.1", port: 0, bodyBytesMax: bytesMax, fetch });
});

afterAll(async () => {
  await server.stop(100);
});

async function post(body: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
  const init = { method: "POST", body, headers, duplex: "half" };
  return await fetch(`http://127.0.0.1:${server.port}/`, init as RequestInit);
}

/** A body in chunks of 100 bytes, without an announced length; after `count` of them it ends, or stalls for good. */
function chunks(count: number, end: "ends" | "stalls"): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent++ < count) return controller.enqueue(new Uint8Array(100));
      return end === "ends" ? controller.close() : new Promise(() => undefined);
    },
  });
}

async function codeOf(response: Response): Promise<unknown> {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  return (await response.json()).code;
}

describe("createGuard() behind the runtime's server", () => {
  it("takes a body within the limit, of announced length or in chunks", async () => {
    expect(await (await post("x".repeat(bytesMax))).text()).toBe("1000");
    expect(await (await post(chunks(10, "ends"))).text()).toBe("1000");
  });

  it("refuses a larger one with a problem document, of announced length or in chunks", async () => {
    expect(await codeOf(await post("x".repeat(bytesMax + 1)))).toBe("BODY_TOO_LARGE");
    expect(await codeOf(await post("x".repeat(bytesMax * 100)))).toBe("BODY_TOO_LARGE");
    expect(await codeOf(await post(chunks(11, "ends")))).toBe("BODY_TOO_LARGE");
  });

  it("refuses a body that does not come to its end in time", async () => {
    expect(await codeOf(await post(chunks(3, "stalls")))).toBe("REQUEST_TIMEOUT");
  });

  it("refuses headers beyond the limit with a problem document", async () => {
    expect(await codeOf(await post("", { "x-big": "a".repeat(5000) }))).toBe("HEADERS_TOO_LARGE");
  });
});
