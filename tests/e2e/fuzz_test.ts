/** The HTTP door of a real node under requests that nobody should send: it answers, refuses or hangs up, and goes on. */

import { describe, expect, it } from "bun:test";
import process from "node:process";

import { eventually } from "../support/eventually.ts";
import { NodeProcess } from "../support/node_process.ts";
import { drip, sendRaw } from "../support/raw_http.ts";
import { chooseSeed, seededRandom } from "../support/seeded_random.ts";
import { fuzzBytes, type FuzzedRequest, fuzzRequest } from "./fuzz_requests.ts";

const REQUESTS = 8000;
const RAW_REQUESTS = 1500;
const PARALLEL = 16;

/** A node that was warmed up may grow by this much, whatever it is sent. */
const GROWTH_BYTES_MAX = 256 * 1024 * 1024;

/** A request whose headers never end. */
const START = "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n";

/** 501 and 505 are the runtime's own words for what HTTP itself does not allow here. */
const isFailure = (status: number) => status >= 500 && ![501, 503, 505].includes(status);

function announceSeed(): number {
  const seed = chooseSeed(process.env);
  console.log(`seed ${seed} (repeat with WEFT_TEST_SEED=${seed})`);
  return seed;
}

async function inParallel(count: number, run: () => Promise<void>): Promise<void> {
  let left = count;
  const work = async () => {
    while (left-- > 0) await run();
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
}

async function statusOf(url: string, { method, path, headers, body }: FuzzedRequest): Promise<number> {
  const signal = AbortSignal.timeout(30_000);
  const response = await fetch(url + path, { method, headers, body, signal, redirect: "manual" });
  await response.arrayBuffer();
  return response.status;
}

describe("the HTTP door of a node under fuzzing", () => {
  it("answers every request that a client can send, and none with a failure of its own", async () => {
    const random = seededRandom(announceSeed());
    await using node = await NodeProcess.start();
    await node.call("PUT", "/v1/subscriptions/audit", { protocol: "PULL" });
    await inParallel(200, async () => void await statusOf(node.url, fuzzRequest(random)));
    const before = node.residentBytes;
    const failures: unknown[] = [];
    const statuses = new Map<number, number>();
    await inParallel(REQUESTS, async () => {
      const request = fuzzRequest(random);
      const status = await statusOf(node.url, request);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (isFailure(status)) failures.push({ status, ...request });
    });
    expect(failures).toEqual([]);
    expect([...statuses.values()].reduce((sum, count) => sum + count, 0)).toBe(REQUESTS);
    expect(statuses.get(400) ?? 0).toBeGreaterThan(0);
    expect(statuses.get(202) ?? 0).toBeGreaterThan(0);
    expect(node.residentBytes - before).toBeLessThan(GROWTH_BYTES_MAX);
    expect((await node.publish({ id: "after" })).status).toBe(202);
  }, 120_000);

  it("survives bytes that are no requests", async () => {
    const random = seededRandom(announceSeed());
    await using node = await NodeProcess.start();
    const failures: unknown[] = [];
    await inParallel(RAW_REQUESTS, async () => {
      const bytes = fuzzBytes(random);
      const { status } = await sendRaw(node.url, bytes, 100);
      if (status !== undefined && isFailure(status)) failures.push({ status, text: new TextDecoder().decode(bytes) });
    });
    expect(failures).toEqual([]);
    expect(node.end).toBeUndefined();
    expect((await node.publish({ id: "after" })).status).toBe(202);
  }, 120_000);

  it("cuts a body that drips", async () => {
    await using node = await NodeProcess.start({ config: { limits: { requestTimeoutMs: 500 } } });
    const start =
      "POST /v1/topics/a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: 5000\r\n\r\n";
    const { status } = await drip(node.url, { start, piece: "x", everyMs: 50, forMs: 20_000 });
    expect(status).toBe(408);
    await eventually(async () => {
      const { text } = await node.call("GET", "/metrics");
      expect(text).toContain("REQUEST_TIMEOUT");
    });
    expect((await node.publish({ id: "after" })).status).toBe(202);
  }, 60_000);

  it("cuts headers that drip, on Bun", async () => {
    await using node = await NodeProcess.start({ runtime: "bun" });
    const { closed } = await drip(node.url, { start: START, piece: "X-A: b\r\n", everyMs: 50, forMs: 90_000 });
    expect(closed).toBe(true);
  }, 120_000);

  // Deno's server has no deadline for headers and lets nobody set one; there it is a proxy's task.
  it("goes on to serve others while headers drip, on Deno", async () => {
    await using node = await NodeProcess.start({ runtime: "deno" });
    const dripping = Array.from(
      { length: 200 },
      () => drip(node.url, { start: START, piece: "X-A: b\r\n", everyMs: 50, forMs: 2000 }),
    );
    await inParallel(200, async () => expect((await node.call("GET", "/livez")).status).toBe(200));
    await Promise.all(dripping);
    expect((await node.publish({ id: "after" })).status).toBe(202);
  }, 60_000);

  it("does not let headers grow without end", async () => {
    await using node = await NodeProcess.start();
    const piece = `X-A: ${"b".repeat(8000)}\r\n`;
    const { closed, status } = await drip(node.url, { start: START, piece, everyMs: 5, forMs: 20_000 });
    expect(closed).toBe(true);
    expect(status ?? 431).toBeGreaterThanOrEqual(400);
  }, 60_000);
});
