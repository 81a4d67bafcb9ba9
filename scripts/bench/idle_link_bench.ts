/** What a link costs that has nothing to do. */

import { eventually } from "../../tests/support/eventually.ts";
import { FaultProxy } from "../../tests/support/fault_proxy.ts";
import { TemporaryDirectory } from "./child_process.ts";
import type { Figure } from "./figure.ts";
import { startLinked } from "./linked_nodes.ts";
import { callNode } from "./servers.ts";

/** Whole HELLOs, comparisons and keep-alives come now and then: long enough for some of each. */
const MEASURE_MS = 30_000;
/** What two nodes tell each other when they meet is over by then. */
const SETTLE_MS = 5000;

/** Bytes of both TCP connections of a link, both ways, counted between two nodes that do nothing. Some 40 s. */
export async function benchIdleLink(): Promise<Figure[]> {
  using directory = new TemporaryDirectory();
  await using bob = await startLinked("bob", `${directory.path}/bob`);
  await using proxy = await FaultProxy.start({ port: Number(new URL(bob.nats).port) });
  await using alice = await startLinked("alice", `${directory.path}/alice`, { join: [proxy.url] });
  await eventually(async () => {
    const { links } = await callNode(alice, "GET", "/v1/links") as { links: readonly { state: string }[] };
    return links.some(({ state }) => state === "up");
  }, { timeoutMs: 20_000 });
  await sleep(SETTLE_MS);
  const before = { ...proxy.bytes };
  const startedAt = performance.now();
  const cpuBefore = alice.child.cpuTime();
  await sleep(MEASURE_MS);
  const after = proxy.bytes;
  const seconds = (performance.now() - startedAt) / 1000;
  const cpuAfter = alice.child.cpuTime();
  const up = (after.up - before.up) / seconds;
  const down = (after.down - before.down) / seconds;
  const figures: Figure[] = [{
    figure: "idle link, bytes of NATS both ways",
    value: up + down,
    unit: "bytes/s",
    aim: "≤ 1000",
    baseline: `${up.toFixed(0)} up, ${down.toFixed(0)} down, over ${seconds.toFixed(0)} s`,
  }];
  if (cpuBefore !== undefined && cpuAfter !== undefined) {
    const used = (cpuAfter.allThreadsUs - cpuBefore.allThreadsUs) / seconds / 1000;
    figures.push({ figure: "… processor time of an idle node with one link", value: used, unit: "ms/s", aim: "" });
  }
  return figures;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
