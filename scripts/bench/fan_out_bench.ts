/** How many copies of live events reach subscribers that stream them. */

import { Child, TemporaryDirectory } from "./child_process.ts";
import type { Figure } from "./figure.ts";
import { type Server, startNode } from "./servers.ts";
import type { StreamReport } from "./stream_clients.ts";

const SUBSCRIBERS = 1000;
const BATCH = 10;
const WARM_UP_EVENTS = 200;
const EVENTS = 1000;

/** A thousand Server-Sent Events streams of one pattern, and events that come in batches of ten, one after the other. */
export async function benchFanOut(): Promise<Figure[]> {
  using directory = new TemporaryDirectory();
  await using node = await startNode(directory.path);
  const url = `${node.url}/v1/stream?topic=order.>`;
  const options = { url, subscribers: SUBSCRIBERS, phases: [WARM_UP_EVENTS, EVENTS] };
  await using clients = Child.client("scripts/bench/stream_clients.ts", [JSON.stringify(options)]);
  await clients.next(); // all are connected
  await deliver(node, clients, WARM_UP_EVENTS);
  const { deliveries, elapsedMs } = await deliver(node, clients, EVENTS);
  return [{
    figure: `live fan-out to ${SUBSCRIBERS} streams`,
    value: deliveries / elapsedMs * 1000,
    unit: "deliveries/s",
    aim: "≥ 100000",
    baseline: `${EVENTS} events of 100 bytes`,
  }];
}

/** Publishes and waits until every stream has every event. */
async function deliver(node: Server, clients: Child, events: number): Promise<StreamReport> {
  const startedAt = performance.now();
  for (let sent = 0; sent < events; sent += BATCH) await publishBatch(node, sent);
  const report = await clients.next<StreamReport>(180_000);
  return { ...report, elapsedMs: performance.now() - startedAt };
}

async function publishBatch(node: Server, first: number): Promise<void> {
  const events = Array.from({ length: BATCH }, (_, i) => ({
    specversion: "1.0",
    id: `${performance.now()}-${first + i}`,
    source: "/shops/alice",
    type: "order.placed",
    data: { amount: 12, currency: "EUR", note: "x".repeat(61) },
  }));
  const response = await fetch(`${node.url}/`, {
    method: "POST",
    headers: { "content-type": "application/cloudevents-batch+json" },
    body: JSON.stringify(events),
  });
  const answer = await response.text();
  if (response.status !== 202) throw new Error(`Cannot publish: ${response.status} ${answer}`);
}
