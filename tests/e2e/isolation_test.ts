/** A subscriber that is slow, dead or does not read costs the others nothing. Counted, not timed. */

import { describe, expect, it } from "bun:test";
import { connect } from "node:net";

import { SinkServer, status } from "../adapters/http_sink_support.ts";
import { eventually } from "../support/eventually.ts";
import { NodeProcess } from "../support/node_process.ts";

const EVENTS = 500;
const PATIENCE = { timeoutMs: 60_000 };

async function publishAll(node: NodeProcess, data?: string): Promise<void> {
  for (let from = 0; from < EVENTS; from += 50) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => node.publish({ id: String(from + n), data })),
    );
    for (const answer of answers) expect(answer.status).toBe(202);
  }
}

async function statusOf(node: NodeProcess, id: string) {
  return (await node.call("GET", `/v1/subscriptions/${id}`)).body.status;
}

describe("a subscriber that gets everything", () => {
  const neighbours = {
    "a sink that never answers": () => SinkServer.start(() => undefined),
    "a sink that always fails": () => SinkServer.start(status(500)),
    "a sink that hangs up": () => SinkServer.start((response) => response.destroy()),
  };
  for (const [name, start] of Object.entries(neighbours)) {
    it(`gets it beside ${name}, which keeps what it is owed`, async () => {
      await using bad = await start();
      await using good = await SinkServer.start();
      await using node = await NodeProcess.start();
      for (const [id, sink] of Object.entries({ bad, good })) {
        await node.call("PUT", `/v1/subscriptions/${id}`, { protocol: "HTTP", sink: sink.url });
      }
      await publishAll(node);
      await eventually(() => good.requests.length >= EVENTS, PATIENCE);
      expect(new Set(good.requests.map(({ headers }) => headers.get("ce-id"))).size).toBe(EVENTS);
      // The bad one had nothing taken, and holds no more requests open than it may.
      const { delivered, inFlight, lag } = await statusOf(node, "bad");
      expect(delivered).toBe(0);
      expect(inFlight).toBeLessThanOrEqual(32);
      expect(lag).toBe(EVENTS);
    });
  }

  it("gets it beside a sink that refuses connections", async () => {
    await using good = await SinkServer.start();
    await using node = await NodeProcess.start();
    await node.call("PUT", "/v1/subscriptions/bad", { protocol: "HTTP", sink: "http://127.0.0.1:1/hook" });
    await node.call("PUT", "/v1/subscriptions/good", { protocol: "HTTP", sink: good.url });
    await publishAll(node);
    await eventually(() => good.requests.length >= EVENTS, PATIENCE);
    expect(await statusOf(node, "bad")).toMatchObject({ delivered: 0, lag: EVENTS });
  });

  it("gets it beside a hundred streams that nobody reads", async () => {
    await using good = await SinkServer.start();
    await using node = await NodeProcess.start();
    await node.call("PUT", "/v1/subscriptions/good", { protocol: "HTTP", sink: good.url });
    const { port } = new URL(node.url);
    const sockets = Array.from({ length: 100 }, () => {
      const socket = connect(Number(port), "127.0.0.1");
      socket.write("GET /v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n");
      socket.pause();
      return socket;
    });
    const before = node.residentBytes;
    await publishAll(node, "x".repeat(10_000));
    await eventually(() => good.requests.length >= EVENTS, PATIENCE);
    // A hundred copies of everything would be 500 MB.
    expect(node.residentBytes - before).toBeLessThan(400 * 1024 * 1024);
    for (const socket of sockets) socket.destroy();
  }, 120_000);
});
