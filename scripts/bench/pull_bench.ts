/** How fast a backlog goes out to clients that pull and acknowledge. */

import { Child, TemporaryDirectory } from "./child_process.ts";
import { type Figure, median } from "./figure.ts";
import { fillLog } from "./fill_log.ts";
import type { PullReport } from "./pull_client.ts";
import { callNode, startNode } from "./servers.ts";

const BACKLOG = 300_000;
const ROUNDS = 3;

/** Pulls of 1,000 events and acknowledgements, durable ones, on four connections; the first round is not counted. */
export async function benchPull(): Promise<Figure[]> {
  using directory = new TemporaryDirectory();
  await fillLog(directory.path, BACKLOG);
  await using node = await startNode(directory.path);
  const rates: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const path = `/v1/subscriptions/pull-${round}`;
    const config = { topic: "order.>", since: "earliest", maxInFlight: 10_000 };
    await callNode(node, "PUT", path, { protocol: "PULL", config });
    await using client = Child.client("scripts/bench/pull_client.ts", [node.url + path, String(BACKLOG)]);
    const { elapsedMs } = await client.next<PullReport>(120_000);
    if (round > 0) rates.push(BACKLOG / elapsedMs * 1000);
    await callNode(node, "DELETE", path);
  }
  return [{
    figure: "pull and acknowledge a backlog",
    value: median(rates),
    unit: "events/s",
    aim: "≥ 60000",
    baseline: `${BACKLOG} events of 100 bytes`,
  }];
}
