/** How fast a backlog crosses a link, and how fast it then is pulled at the other end. */

import { Child, runtimeName, TemporaryDirectory } from "./child_process.ts";
import type { Figure } from "./figure.ts";
import { benchSourcing } from "./jetstream_sourcing.ts";
import { fillForLink, startLinked, untilDelivered } from "./linked_nodes.ts";
import type { PullReport } from "./pull_client.ts";
import { callNode } from "./servers.ts";

/** So many that what the compilers do at the start of the two processes is a small part of it. */
const EVENTS = 1_000_000;
const MESSAGES = 200_000;
const DATA_BYTES = 256;
/** What a message of the same event has beside its data, about. */
const ATTRIBUTES_BYTES = 80;

/** A backlog of events goes to a neighbour that syncs, and is pulled there; against sourcing between two nats-servers. */
export async function benchLink(): Promise<Figure[]> {
  const sourcing = await benchSourcing(MESSAGES, DATA_BYTES + ATTRIBUTES_BYTES);
  using origin = new TemporaryDirectory();
  using target = new TemporaryDirectory();
  await fillForLink(origin.path, "alice", EVENTS, DATA_BYTES);
  await using bob = await startLinked("bob", target.path);
  const config = { topic: "order.>", maxInFlight: 10_000 };
  await callNode(bob, "PUT", "/v1/subscriptions/remote", { protocol: "PULL", config });
  await using alice = await startLinked("alice", origin.path, { join: [bob.nats] });
  const before = [alice.child.cpuTime(), bob.child.cpuTime()];
  const elapsedMs = await untilDelivered(alice, "bob", EVENTS);
  const after = [alice.child.cpuTime(), bob.child.cpuTime()];
  const perSecond = EVENTS / elapsedMs * 1000;
  const aim = runtimeName === "bun" ? "≥ 250000" : "≥ 150000";
  const figures: Figure[] = [{
    figure: "custody over a link, synced at both ends",
    value: perSecond,
    unit: "events/s",
    aim,
    baseline: `a backlog of ${EVENTS} events of ${DATA_BYTES} bytes`,
  }];
  let usedUs = 0;
  for (const [i, who] of ["sender", "receiver"].entries()) {
    const [start, end] = [before[i], after[i]];
    if (start === undefined || end === undefined) continue;
    usedUs += end.allThreadsUs - start.allThreadsUs;
    const main = (end.mainThreadUs - start.mainThreadUs) / EVENTS;
    const all = (end.allThreadsUs - start.allThreadsUs) / EVENTS;
    figures.push({ figure: `… main thread of the ${who}`, value: main, unit: "µs/event", aim: "" });
    figures.push({ figure: `… all threads of the ${who}`, value: all, unit: "µs/event", aim: "" });
  }
  if (usedUs > 0) {
    figures.push({
      figure: "… what two processors are enough for that do nothing else",
      value: 2e6 * EVENTS / usedUs,
      unit: "events/s",
      aim,
    });
  }
  if (sourcing !== undefined) figures.push(...ratios(perSecond, sourcing.syncedPerSecond, sourcing.unsyncedPerSecond));
  const url = `${bob.url}/v1/subscriptions/remote`;
  await using client = Child.client("scripts/bench/pull_client.ts", [url, String(EVENTS)]);
  const { elapsedMs: pullMs } = await client.next<PullReport>(120_000);
  figures.push({
    figure: "pull and acknowledge what came over a link",
    value: EVENTS / pullMs * 1000,
    unit: "events/s",
    aim: "≥ 50000",
  });
  return figures;
}

function ratios(perSecond: number, synced: number, unsynced: number): Figure[] {
  return [
    {
      figure: "… ratio to JetStream sourcing that syncs",
      value: perSecond / synced,
      unit: "×",
      aim: "≥ 2",
      baseline: `${Math.round(synced)} messages/s`,
    },
    {
      figure: "… ratio to JetStream sourcing that does not sync",
      value: perSecond / unsynced,
      unit: "×",
      aim: "",
      baseline: `${Math.round(unsynced)} messages/s`,
    },
  ];
}
