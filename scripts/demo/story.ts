/** What the demonstration does, act by act, and what it finds. */

import type { NodeProcess } from "../../tests/support/node_process.ts";
import { BATCH, toStructured } from "../../tests/support/http_api.ts";
import { eventually } from "../../tests/support/eventually.ts";
import { Arrivals } from "./arrivals.ts";
import { type Narrator, toTimeText } from "./narrator.ts";
import type { Ring } from "./ring.ts";

/** Nothing here takes so long, ms; whoever waits longer than that is told what did not come. */
const PATIENCE = { timeoutMs: 30_000, intervalMs: 10 };

const BATCH_EVENTS = 100;
const BATCHES = 20;
/** How long is published before the link breaks, and after the new way was found, ms. */
const CALM_MS = 500;
/** Between two events of that, ms. */
const PACE_MS = 5;

const TOPIC = "order.placed";
const SOURCE = "/demo";

export interface Findings {
  readonly published: number;
  readonly missing: number;
  readonly repeats: number;
}

/** Rejects when something does not come that must. */
export async function tellStory(ring: Ring, tell: Narrator): Promise<Findings> {
  await startRing(ring, tell);
  const paris = ring.node("paris");
  const warsaw = ring.node("warsaw");
  await subscribe(warsaw, tell);
  const ready = Promise.withResolvers<void>();
  using arrivals = new Arrivals(warsaw.url, "order.>", ready.resolve);
  await Promise.race([ready.promise, arrivals.ended]);
  await showRoutes(paris, tell);
  const ids = await publishInPeace(paris, arrivals, tell);
  const { ids: broken, slowest } = await publishWhileLinkBreaks(ring, arrivals, tell);
  ids.push(...broken);
  await traceOne(paris, slowest, tell);
  await mend(ring, tell);
  return await conclude(paris, { ids, arrivals, tell });
}

async function startRing(ring: Ring, tell: Narrator): Promise<void> {
  tell.act("Five clusters, each linked with two others");
  const from = performance.now();
  await ring.start((cluster, { ready, url }) =>
    tell.table([[cluster.padEnd(7), String(ready.runtime).padEnd(11), url, String(ready.nats)]])
  );
  const started = performance.now();
  for (const cluster of ring.clusters) await eventually(() => seesAll(ring.node(cluster)), PATIENCE);
  tell.say(
    `All five run after ${toTimeText(started - from)}; ${toTimeText(performance.now() - started)} later each of them ` +
      "knows a way to every other one. The ring: paris - berlin - warsaw - vienna - milan - paris.",
  );
}

async function seesAll(node: NodeProcess): Promise<boolean> {
  const { body } = await node.call("GET", "/v1/clusters");
  return body.clusters.length === 5 && body.clusters.every(({ reachable }: { reachable: boolean }) => reachable);
}

async function subscribe(warsaw: NodeProcess, tell: Narrator): Promise<void> {
  tell.act("Somebody in warsaw wants order.>");
  const from = performance.now();
  const { status, text } = await warsaw.call("PUT", "/v1/subscriptions/shop?ready=mesh", {
    protocol: "PULL",
    config: { topic: "order.>" },
  });
  if (status !== 201) throw new Error(`Cannot subscribe at warsaw: it answers ${status}: ${text}`);
  tell.say(
    `The subscription is durable, and every cluster knows of it: ${toTimeText(performance.now() - from)}. ` +
      "A stream there shows what comes.",
  );
}

async function showRoutes(paris: NodeProcess, tell: Narrator): Promise<void> {
  tell.act("The routing table of paris");
  await eventually(() => hasPath(paris, ["paris", "berlin", "warsaw"]), PATIENCE);
  await showRoutesOf(paris, tell);
}

async function hasPath(paris: NodeProcess, path: readonly string[]): Promise<boolean> {
  const { body } = await paris.call("GET", `/routes?topic=${TOPIC}`);
  return body.routes.length === 1 && body.routes[0].path.join() === path.join();
}

async function showRoutesOf(node: NodeProcess, tell: Narrator): Promise<void> {
  const { text } = await node.call("GET", "/routes?format=text");
  tell.show(`curl '${node.url}/routes?format=text'`, text);
}

async function publishInPeace(paris: NodeProcess, arrivals: Arrivals, tell: Narrator): Promise<string[]> {
  tell.act("Published in paris, arrived in warsaw");
  const sent = performance.now();
  await publish(paris, ["hello"]);
  const accepted = performance.now();
  await arrive(arrivals, ["hello"]);
  tell.say(
    `One event: on the disk of paris after ${
      toTimeText(accepted - sent)
    }, and on a screen in warsaw, over the disk of ` +
      `berlin, ${toTimeText(arrivals.timeOf("hello")! - sent)} after it was sent.`,
  );
  const ids = Array.from({ length: BATCHES * BATCH_EVENTS }, (_, index) => `calm-${index}`);
  const from = performance.now();
  for (let first = 0; first < ids.length; first += BATCH_EVENTS) {
    await publish(paris, ids.slice(first, first + BATCH_EVENTS));
  }
  await arrive(arrivals, ids);
  const tookMs = performance.now() - from;
  tell.say(
    `${ids.length} events in batches of ${BATCH_EVENTS}, one after the other: all there after ${toTimeText(tookMs)}, ` +
      `${Math.round(ids.length / tookMs * 1000)} a second, synced to three disks.`,
  );
  return ["hello", ...ids];
}

async function publishWhileLinkBreaks(
  ring: Ring,
  arrivals: Arrivals,
  tell: Narrator,
): Promise<{ readonly ids: readonly string[]; readonly slowest: string }> {
  tell.act("The link berlin - warsaw breaks while events cross it");
  const paris = ring.node("paris");
  const stop = new AbortController();
  const publishing = publishSteadily(paris, stop.signal);
  publishing.catch(() => {}); // told where it is awaited, if this act comes so far
  try {
    await pause(CALM_MS);
    ring.breakLink();
    const broken = performance.now();
    await eventually(() => hasPath(paris, ["paris", "milan", "vienna", "warsaw"]), PATIENCE);
    tell.say(
      "Nothing passes any more, and no connection says so. " +
        `${toTimeText(performance.now() - broken)} later paris sends the other way round:`,
    );
    await showRoutesOf(paris, tell);
    await pause(CALM_MS);
  } finally {
    stop.abort();
  }
  const sent = await publishing;
  const ids = [...sent.keys()];
  await arrive(arrivals, ids);
  const delayOf = (id: string) => arrivals.timeOf(id)! - sent.get(id)!;
  const slowest = ids.reduce((most, id) => delayOf(id) > delayOf(most) ? id : most);
  const delays = ids.map(delayOf).sort((a, b) => a - b);
  tell.say(
    `${ids.length} events were accepted meanwhile, and all of them have arrived: half of them within ` +
      `${toTimeText(delays[delays.length >> 1])}, the slowest after ${toTimeText(delayOf(slowest))}.`,
  );
  return { ids, slowest };
}

/** Answers what was accepted: when each id was sent, on the clock of `performance.now()`. */
async function publishSteadily(node: NodeProcess, signal: AbortSignal): Promise<Map<string, number>> {
  const sent = new Map<string, number>();
  while (!signal.aborted) {
    const id = `broken-${sent.size}`;
    const at = performance.now();
    await publish(node, [id]);
    sent.set(id, at);
    await pause(PACE_MS);
  }
  return sent;
}

async function traceOne(paris: NodeProcess, id: string, tell: Narrator): Promise<void> {
  tell.act("What became of the slowest one?");
  const path = `/v1/trace?source=${encodeURIComponent(SOURCE)}&id=${id}`;
  const { body } = await eventually(async () => {
    const answer = await paris.call("GET", path);
    return answer.body.destinations.every(({ state }: { state: string }) => state === "delivered") && answer;
  }, PATIENCE);
  const rows = body.hops.map((
    { cluster, from, to }: Hop,
  ) => [cluster, from ?? "(published)", to.join(", ") || "(kept)"]);
  tell.show(`curl '${paris.url}${path}'`, "it answers in JSON, in short:");
  tell.table([["CLUSTER", "FROM", "TO"], ...rows]);
  if (!body.hops.some(({ cluster, to }: Hop) => cluster === "berlin" && to.includes("paris"))) return;
  tell.say(
    "What had reached berlin was kept there, found no way on that does not lead back, and after two seconds was let go " +
      "back to paris: a detour, not a circle. Nobody drops what it has in custody.",
  );
}

interface Hop {
  readonly cluster: string;
  readonly from: string | null;
  readonly to: readonly string[];
}

async function mend(ring: Ring, tell: Narrator): Promise<void> {
  tell.act("The link is mended");
  const from = performance.now();
  ring.mendLink();
  await eventually(() => hasPath(ring.node("paris"), ["paris", "berlin", "warsaw"]), PATIENCE);
  tell.say(`${toTimeText(performance.now() - from)} later paris sends the short way again.`);
}

async function conclude(
  paris: NodeProcess,
  { ids, arrivals, tell }: { readonly ids: readonly string[]; readonly arrivals: Arrivals; readonly tell: Narrator },
): Promise<Findings> {
  tell.act("In all");
  const published = ids.length;
  const missing = arrivals.missing(ids).length;
  const { repeats } = arrivals;
  tell.say(`${published - missing} of ${published} events arrived, ${missing} missing, ${repeats} twice.`);
  const entry = await eventually(async () => {
    const { body } = await paris.call("GET", "/v1/ledger");
    return body.entries[0]?.delivered === published && body.entries[0];
  }, PATIENCE);
  tell.say(`The ledger of paris says the same: ${JSON.stringify(entry)}`);
  return { published, missing, repeats };
}

async function publish(node: NodeProcess, ids: readonly string[]): Promise<void> {
  const batch = ids.map((id) => toStructured({ id, source: SOURCE, type: TOPIC, data: { id } }));
  const { status, text } = await node.call("POST", "/v1/events", batch, BATCH);
  if (status !== 202) throw new Error(`Cannot publish at ${node.ready.cluster}: it answers ${status}: ${text}`);
}

async function arrive(arrivals: Arrivals, ids: readonly string[]): Promise<void> {
  const wait = eventually(() => {
    const missing = arrivals.missing(ids);
    if (missing.length > 0) throw new Error(`Cannot see ${missing.length} events in warsaw: they have not come yet`);
  }, PATIENCE);
  await Promise.race([wait, arrivals.ended]);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
