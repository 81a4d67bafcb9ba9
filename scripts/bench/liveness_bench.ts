/** Whether a node that is published to as fast as it can still answers whoever asks if it lives. */

import { TemporaryDirectory } from "./child_process.ts";
import type { Figure } from "./figure.ts";
import { getLoad, publishLoad } from "./load.ts";
import { startNode } from "./servers.ts";

const MEASURE_MS = 8000;
const WARM_UP_MS = 1500;

/** `GET /livez` a hundred times a second beside 64 connections that publish. */
export async function benchLiveness(): Promise<Figure[]> {
  using directory = new TemporaryDirectory();
  await using node = await startNode(directory.path);
  const [published, probed] = await Promise.all([
    publishLoad(node, { connections: 64, warmUpMs: WARM_UP_MS, measureMs: MEASURE_MS }),
    getLoad(node, "/livez", { connections: 4, warmUpMs: WARM_UP_MS, measureMs: MEASURE_MS, ratePerSecond: 100 }),
  ]);
  if (probed.statuses[200] !== probed.requests || probed.requests === 0) {
    throw new Error(`Cannot measure /livez: not every answer was 200: ${JSON.stringify(probed)}`);
  }
  const baseline = `under ${Math.round(published.perSecond)} publishes/s`;
  return [
    { figure: "GET /livez under full publish load, p99", value: probed.p99Ms, unit: "ms", aim: "≤ 20", baseline },
    { figure: "… p50", value: probed.p50Ms, unit: "ms", aim: "" },
    { figure: "… slowest", value: probed.maxMs, unit: "ms", aim: "" },
  ];
}
