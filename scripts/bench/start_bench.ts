/** How long a node takes to be ready, and what it weighs when it has nothing to do. */

import { runtimeName, TemporaryDirectory } from "./child_process.ts";
import { type Figure, median } from "./figure.ts";
import { startNode } from "./servers.ts";

const STARTS = 20;
const IDLE_MS = 5000;

/** Each start is on an empty data directory, the database made included. */
export async function benchStart(): Promise<Figure[]> {
  const startMs: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    using directory = new TemporaryDirectory();
    const startedAt = performance.now();
    await using _node = await startNode(directory.path);
    startMs.push(performance.now() - startedAt);
  }
  const figure: Figure = { figure: `start to ready, of ${STARTS}`, value: median(startMs), unit: "ms", aim: "≤ 150" };
  return [figure, ...await idleFigures()];
}

async function idleFigures(): Promise<Figure[]> {
  using directory = new TemporaryDirectory();
  await using node = await startNode(directory.path);
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const bytes = node.child.residentBytes();
  if (bytes === undefined) return [];
  const aim = runtimeName === "bun" ? "≤ 80" : "";
  return [{ figure: "resident memory, idle", value: bytes / 1e6, unit: "MB", aim }];
}
