/** How many events a second go all the way: published over HTTP at one cluster, pulled and acknowledged at another. */

import { Child, TemporaryDirectory } from "./child_process.ts";
import type { Figure } from "./figure.ts";
import { type LinkedNode, startLinked } from "./linked_nodes.ts";
import { publishLoad } from "./load.ts";
import { callNode } from "./servers.ts";

const CONNECTIONS = 64;
/** Links come up and compilers warm up in it. */
const WARM_UP_MS = 4000;
const MEASURE_MS = 12_000;
const SUBSCRIPTION = "remote";
const POLL_MS = 100;
const CATCH_UP_MS_MAX = 60_000;

/** Events of 100 bytes, one a request, each synced by both nodes; tracing cannot be turned off, so it is on. Some 20 s. */
export async function benchThrough(): Promise<Figure[]> {
  using directory = new TemporaryDirectory();
  await using bob = await startLinked("bob", `${directory.path}/bob`);
  await using alice = await startLinked("alice", `${directory.path}/alice`, { join: [bob.nats] });
  const path = `/v1/subscriptions/${SUBSCRIPTION}`;
  const config = { topic: "order.>", maxInFlight: 10_000 };
  await callNode(bob, "PUT", path, { protocol: "PULL", config });
  await untilWanted(alice);
  await using _client = Child.client("scripts/bench/pull_client.ts", [bob.url + path, "Infinity"]);
  const before = cpuUs([alice, bob]);
  const startedAt = performance.now();
  const loading = publishLoad(alice, { connections: CONNECTIONS, warmUpMs: WARM_UP_MS, measureMs: MEASURE_MS });
  loading.catch(() => {}); // awaited below
  await sleep(WARM_UP_MS);
  const first = await acknowledged(bob);
  const load = await loading;
  const last = await acknowledged(bob);
  const caughtUp = await untilAllAcknowledged(alice, bob);
  const after = cpuUs([alice, bob]);
  const figures: Figure[] = [
    {
      figure: "HTTP at one cluster to acknowledged PULL at another, sustained",
      value: (last.count - first.count) / (last.at - first.at) * 1000,
      unit: "events/s",
      aim: "≥ 25000",
      baseline: `published meanwhile: ${Math.round(load.perSecond)} events/s, p99 ${load.p99Ms.toFixed(1)} ms`,
    },
    {
      figure: "… not acknowledged at the end of the load",
      value: caughtUp.count - last.count,
      unit: "events",
      aim: "",
    },
    { figure: "… all of them acknowledged after another", value: caughtUp.at - last.at, unit: "ms", aim: "" },
  ];
  if (before === undefined || after === undefined) return figures;
  const [aliceUs, bobUs] = after.map((us, i) => (us - before[i]) / caughtUp.count);
  const seconds = (caughtUp.at - startedAt) / 1000;
  return [
    ...figures,
    {
      figure: "… what two processors are enough for that do nothing else",
      value: 2_000_000 / (aliceUs + bobUs),
      unit: "events/s",
      aim: "≥ 25000",
      baseline:
        `by processor time of all threads: ${aliceUs.toFixed(1)} µs an event at the first, ${bobUs.toFixed(1)} at ` +
        `the other; over ${seconds.toFixed(0)} s they had ${
          ((aliceUs + bobUs) * caughtUp.count / 1e6 / seconds).toFixed(2)
        }`,
    },
  ];
}

interface Count {
  readonly count: number;
  /** ms of the process. */
  readonly at: number;
}

/** Events of the subscription that will not come again. */
async function acknowledged(node: LinkedNode): Promise<Count> {
  const { subscriptions } = await callNode(node, "GET", "/v1/ledger") as Ledger;
  const at = performance.now();
  return { count: subscriptions.find(({ subscription }) => subscription === SUBSCRIPTION)?.acknowledged ?? 0, at };
}

/** Until the subscriber has acknowledged everything that was published. */
async function untilAllAcknowledged(origin: LinkedNode, target: LinkedNode): Promise<Count> {
  const giveUpAt = performance.now() + CATCH_UP_MS_MAX;
  for (;;) {
    const { entries } = await callNode(origin, "GET", "/v1/ledger") as Ledger;
    const accepted = entries.find(({ destination }) => destination === "bob")?.accepted ?? 0;
    const taken = await acknowledged(target);
    if (accepted > 0 && taken.count >= accepted) return taken;
    if (taken.at > giveUpAt) throw new Error(`Cannot wait longer: ${taken.count} of ${accepted} are acknowledged`);
    await sleep(POLL_MS);
  }
}

/** Until the first cluster knows what is wanted at the other: nothing leaves it before that. */
async function untilWanted(node: LinkedNode): Promise<void> {
  for (;;) {
    const { destinations } = await callNode(node, "GET", "/v1/explain?topic=order.placed") as {
      readonly destinations: readonly { readonly cluster: string }[];
    };
    if (destinations.some(({ cluster }) => cluster === "bob")) return;
    await sleep(POLL_MS);
  }
}

function cpuUs(nodes: readonly LinkedNode[]): number[] | undefined {
  const times = nodes.map(({ child }) => child.cpuTime()?.allThreadsUs);
  return times.every((us) => us !== undefined) ? times : undefined;
}

interface Ledger {
  readonly entries: readonly { readonly destination: string; readonly accepted: number }[];
  readonly subscriptions: readonly { readonly subscription: string; readonly acknowledged: number }[];
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
