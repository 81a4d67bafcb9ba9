/**
 * How long one hop takes: by how much later than a subscriber of the publisher's own node one of the neighbour has an event.
 * What it takes to publish and to deliver is in both, and so in neither.
 */

import { BareNatsClient } from "./bare_nats_client.ts";
import { Child, TemporaryDirectory } from "./child_process.ts";
import { type Figure, quantile } from "./figure.ts";
import { type LinkedNode, startLinked, untilDelivered } from "./linked_nodes.ts";
import { startNatsPair } from "./nats_pair.ts";
import { callNode } from "./servers.ts";

const PROBES = 800;
const WARM_UP = 100;
const WARM_UP_EVENTS = 20_000;
const WARM_UP_BURST = 20;
/** Between two probes, at least. */
const PAUSE_MS = 2;
/** One that has not come by then is lost. */
const LOST_MS = 2000;
/** By then the other side knows of a subscriber. */
const KNOWN_MS = 1000;
const DATA_BYTES = 256;
/** Best-effort may cost so much more than a hop of nats-server. */
const ALLOWANCE_US = 80;
/** Events that show how fast a pair of nodes is, and for how long it then is under load. */
const CAPACITY_EVENTS = 60_000;
const LOAD_SECONDS = 120;

const BEST_EFFORT = { traffic: [{ pattern: "metrics.>", class: "best-effort" }] };

/** Hops of nats-server, of class best-effort, and in custody: idle, and under load. Some two minutes. */
export async function benchHop(): Promise<Figure[]> {
  const leaf = await hopsOfNats();
  const leafUs = leaf && hopOf(leaf);
  const memory = await withPair({ ...BEST_EFFORT, "store.kind": "memory" }, (pair) => probe(pair, "metrics"));
  const synced = await withPair(BEST_EFFORT, (pair) => probe(pair, "metrics"));
  const figures = [
    ...leaf === undefined ? [] : toFigures("a hop between nats-server and a leaf node", leaf),
    ...toFigures("best-effort, nothing to wait for at the receiver's store", memory, {
      p50: leafUs === undefined ? "" : `≤ ${Math.round(leafUs + ALLOWANCE_US)}`,
      baseline: "stores in memory",
    }),
    ...toFigures("best-effort, synced by the receiver", synced),
  ];
  return [...figures, ...await withPair({}, custodyFigures)];
}

/** From publishing until it is there, µs. */
interface Latencies {
  readonly near: readonly number[];
  readonly far: readonly number[];
}

interface Way {
  readonly from: string;
  readonly to: string;
  /** The first token of both topics. */
  readonly topics: string;
}

interface Pair {
  readonly alice: LinkedNode;
  readonly bob: LinkedNode;
}

async function custodyFigures(pair: Pair): Promise<Figure[]> {
  await callNode(pair.bob, "PUT", "/v1/subscriptions/load", { protocol: "PULL", config: { topic: "order.load" } });
  const idle = await probe(pair, "order");
  const perSecond = await capacityOf(pair);
  const figures = toFigures("in custody, idle", idle);
  for (const share of [0.2, 0.5]) {
    const hops = await underLoad(pair, perSecond * share, () => probe(pair, "order"));
    const named = `in custody, at ${share * 100} % of what passes`;
    figures.push(...toFigures(named, hops, {
      p50: "≤ 2000",
      p99: "≤ 30000",
      baseline: `${Math.round(perSecond * share)} events/s beside it`,
    }));
  }
  return figures;
}

async function withPair<Result>(
  settings: Readonly<Record<string, unknown>>,
  use: (pair: Pair) => Promise<Result>,
): Promise<Result> {
  using directory = new TemporaryDirectory();
  await using bob = await startLinked("bob", `${directory.path}/bob`, { settings });
  await using alice = await startLinked("alice", `${directory.path}/alice`, { join: [bob.nats], settings });
  return await use({ alice, bob });
}

async function hopsOfNats(): Promise<Latencies | undefined> {
  await using pair = await startNatsPair();
  return pair && await measure({ from: pair.hub, to: pair.leaf, topics: "metrics" });
}

function probe({ alice, bob }: Pair, topics: string): Promise<Latencies> {
  return measure({ from: alice.nats, to: bob.nats, topics });
}

/** Probes for a subscriber of the publisher's node and for one of the neighbour by turns, one after the other. */
async function measure({ from, to, topics }: Way): Promise<Latencies> {
  using publisher = await BareNatsClient.open(from);
  using near = await BareNatsClient.open(from);
  using far = await BareNatsClient.open(to);
  let expected = "";
  let arrived = (): void => {};
  const look = (payload: string): void => {
    if (payload === expected) arrived();
  };
  near.subscribe(`${topics}.near`, look);
  far.subscribe(`${topics}.far`, look);
  await Promise.all([near.flush(), far.flush(), pause(KNOWN_MS)]);
  await warmUp(publisher, topics);
  const taken: Record<"near" | "far", number[]> = { near: [], far: [] };
  for (let number = 0; number < 2 * (WARM_UP + PROBES); number++) {
    const where = number % 2 === 0 ? "near" : "far";
    expected = `${where} ${number} `.padEnd(DATA_BYTES, "x");
    const arrival = new Promise<number>((resolve) => arrived = () => resolve(performance.now()));
    const sentAt = performance.now();
    publisher.publish(`${topics}.${where}`, expected);
    const at = await Promise.race([arrival, pause(LOST_MS)]);
    if (at !== undefined && number >= 2 * WARM_UP) taken[where].push((at - sentAt) * 1000);
    await pause(PAUSE_MS);
  }
  return taken;
}

/** What runs for the first time runs slowly: programs are compiled on the way, on both sides. */
async function warmUp(publisher: BareNatsClient, topics: string): Promise<void> {
  const payload = "warm".padEnd(DATA_BYTES, "x");
  for (let number = 0; number < WARM_UP_EVENTS; number++) {
    publisher.publish(`${topics}.${number % 2 === 0 ? "near" : "far"}`, payload);
    if (number % WARM_UP_BURST === 0) await publisher.flush();
  }
  await pause(KNOWN_MS);
}

/** Events a second that a pair takes from a publisher into the neighbour's log. */
async function capacityOf({ alice }: Pair): Promise<number> {
  const { entries } = await callNode(alice, "GET", "/v1/ledger") as { entries: { accepted: number }[] };
  const before = entries[0].accepted;
  const startedAt = performance.now();
  await using load = Child.client("scripts/bench/hop_load.ts", [
    alice.nats,
    "order.load",
    "0",
    String(CAPACITY_EVENTS),
  ]);
  await untilDelivered(alice, "bob", before + CAPACITY_EVENTS);
  void load;
  return CAPACITY_EVENTS / (performance.now() - startedAt) * 1000;
}

async function underLoad<Result>({ alice }: Pair, perSecond: number, use: () => Promise<Result>): Promise<Result> {
  const max = Math.round(perSecond * LOAD_SECONDS);
  const args = [alice.nats, "order.load", String(Math.round(perSecond)), String(max)];
  await using load = Child.client("scripts/bench/hop_load.ts", args);
  await load.next();
  return await use();
}

/** The hop's median, µs. */
function hopOf({ near, far }: Latencies): number {
  return quantile(far, 0.5) - quantile(near, 0.5);
}

function toFigures(
  figure: string,
  latencies: Latencies,
  { p50 = "", p99 = "", baseline }: { readonly p50?: string; readonly p99?: string; readonly baseline?: string } = {},
): Figure[] {
  const { near, far } = latencies;
  const published = quantile(near, 0.5);
  return [
    { figure: `${figure}, p50`, value: hopOf(latencies), unit: "µs", aim: p50, baseline },
    {
      figure: "… p99",
      value: quantile(far, 0.99) - published,
      unit: "µs",
      aim: p99,
      baseline: `${far.length} events; without the hop p50 ${Math.round(published)}, p99 ${
        Math.round(quantile(near, 0.99))
      }`,
    },
  ];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
