/** Whether memory grows while a node is published to for ten minutes at half of what it can take. */

import { TemporaryDirectory } from "./child_process.ts";
import type { Figure } from "./figure.ts";
import { publishLoad } from "./load.ts";
import { startNode } from "./servers.ts";

const MINUTE_MS = 60_000;
const MINUTES = 10;

/** Takes a little more than ten minutes and about 3 GB of disk. */
export async function benchSoak(): Promise<Figure[]> {
  using directory = new TemporaryDirectory();
  await using node = await startNode(directory.path);
  const full = await publishLoad(node, { connections: 64, warmUpMs: 1500, measureMs: 5000 });
  const ratePerSecond = full.perSecond / 2;
  const bytes: number[] = [];
  for (let minute = 1; minute <= MINUTES; minute++) {
    const { perSecond } = await publishLoad(node, {
      connections: 64,
      warmUpMs: 0,
      measureMs: MINUTE_MS,
      ratePerSecond,
    });
    bytes.push(node.child.residentBytes() ?? 0);
    console.error(`minute ${minute}: ${Math.round(perSecond)} events/s, ${(bytes.at(-1)! / 1e6).toFixed(0)} MB`);
  }
  return [{
    figure: `resident memory after ${MINUTES} min at half load, against minute 1`,
    value: bytes.at(-1)! / bytes[0],
    unit: "ratio",
    aim: "≤ 1.2",
    baseline: `${(bytes[0] / 1e6).toFixed(0)} MB at ${Math.round(ratePerSecond)} events/s`,
  }];
}
