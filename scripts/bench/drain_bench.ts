/** How soon a million events that waited for a link are durable at the other end, and how soon a subscriber has them all. */

import { Child, TemporaryDirectory } from "./child_process.ts";
import type { Figure } from "./figure.ts";
import { fillForLink, startLinked, untilDelivered } from "./linked_nodes.ts";
import type { PullReport } from "./pull_client.ts";
import { callNode } from "./servers.ts";

const EVENTS = 1_000_000;
const DATA_BYTES = 100;

/** The subscriber comes when all is there, so that the first figure is the link's alone. Some 60 s. */
export async function benchDrain(): Promise<Figure[]> {
  using origin = new TemporaryDirectory();
  using target = new TemporaryDirectory();
  await fillForLink(origin.path, "alice", EVENTS, DATA_BYTES);
  await using bob = await startLinked("bob", target.path);
  const path = "/v1/subscriptions/remote";
  await callNode(bob, "PUT", path, { protocol: "PULL", config: { topic: "order.>", maxInFlight: 10_000 } });
  await using alice = await startLinked("alice", origin.path, { join: [bob.nats] });
  const before = [alice, bob].map(({ child }) => child.cpuTime()?.allThreadsUs);
  const custodyMs = await untilDelivered(alice, "bob", EVENTS);
  const after = [alice, bob].map(({ child }) => child.cpuTime()?.allThreadsUs);
  await using client = Child.client("scripts/bench/pull_client.ts", [bob.url + path, String(EVENTS)]);
  const { elapsedMs: pullMs } = await client.next<PullReport>(180_000);
  const figures: Figure[] = [
    {
      figure: "a backlog of a million events in custody at the other end",
      value: custodyMs / 1000,
      unit: "s",
      aim: "≤ 4",
      baseline: `${DATA_BYTES} bytes each; ${Math.round(EVENTS / custodyMs * 1000)} events/s`,
    },
    {
      figure: "… and pulled and acknowledged there",
      value: (custodyMs + pullMs) / 1000,
      unit: "s",
      aim: "≤ 20",
      baseline: `${Math.round(EVENTS / pullMs * 1000)} events/s pulled`,
    },
  ];
  const used = after.map((us, i) => us === undefined ? undefined : us - before[i]!);
  if (used.some((us) => us === undefined)) return figures;
  return [...figures, {
    figure: "… in custody, if both nodes had two processors to themselves and used them",
    value: (used[0]! + used[1]!) / 2e6,
    unit: "s",
    aim: "≤ 4",
    baseline: `by processor time of all threads: ${(used[0]! / EVENTS).toFixed(1)} µs an event at the first, ${
      (used[1]! / EVENTS).toFixed(1)
    } at the other`,
  }];
}
