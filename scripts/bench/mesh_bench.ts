/** How long a mesh takes to route around a fault, and to know of a new subscription: whole clusters in the simulator. */

import process from "node:process";

import type { RouteTable } from "../../federation/routing/paths/mod.ts";
import { type Figure, median, quantile } from "./figure.ts";
import { DEGREE, DELAY_MS, type Link, SimulatedMesh } from "./simulated_mesh.ts";

const SEED = 20_240_501;
const READY_MS_MAX = 10_000;
const CONVERGE_MS_MAX = 10_000;

interface MeshShape {
  readonly clusters: number;
  readonly lostLinks: number;
  readonly lostClusters: number;
  readonly subscriptions: number;
  readonly convergeAim: string;
  readonly readyAim: string;
  /** Faults end before the next one; else they add up. */
  readonly heals: boolean;
}

/** Some 40 s. */
export function benchMesh(): Figure[] {
  return measure({
    clusters: 100,
    lostLinks: 30,
    lostClusters: 30,
    subscriptions: 100,
    convergeAim: "≤ 1200",
    readyAim: "≤ 300",
    heals: true,
  });
}

/** A million records are held by somebody: some 11 GB of memory on Bun, and five minutes of processor time. */
export function benchLargeMesh(): Figure[] {
  return measure({
    clusters: 1000,
    lostLinks: 8,
    lostClusters: 8,
    subscriptions: 20,
    convergeAim: "≤ 1500",
    readyAim: "≤ 500",
    heals: false,
  });
}

function measure(shape: MeshShape): Figure[] {
  const { clusters, lostLinks, lostClusters, subscriptions, convergeAim, readyAim } = shape;
  const startedAt = process.cpuUsage();
  const mesh = SimulatedMesh.form(clusters, SEED);
  const formMs = mesh.nowMs;
  const form = process.cpuUsage(startedAt);
  const subscribed = Array.from({ length: subscriptions }, (_, n) => subscribe(mesh, `topic-${n}`));
  const ready = subscribed.map(({ ms }) => ms);
  const ways = subscribed.map(({ roundTripMs }) => roundTripMs);
  const links = mesh.random.shuffle(mesh.links).slice(0, lostLinks).map((link) => loseLink(mesh, link, shape));
  const nodes = mesh.random.shuffle(mesh.clusters).slice(0, lostClusters).map((name) => loseCluster(mesh, name, shape));
  const total = process.cpuUsage(startedAt);
  const network = `${clusters} clusters, up to ${DEGREE} links each of ${DELAY_MS.join(" to ")} ms each way`;
  const of = (values: readonly number[]): string =>
    `${values.length} times, ${Math.round(Math.max(...values))} at worst`;
  return [
    {
      figure: `fault until the last of ${clusters} clusters has its routes, p99`,
      value: quantile([...links, ...nodes], 0.99),
      unit: "ms",
      aim: convergeAim,
      baseline: `${links.length + nodes.length} faults; ${network}`,
    },
    { figure: "… a link in a black hole, median", value: median(links), unit: "ms", aim: "", baseline: of(links) },
    { figure: "… a cluster without power, median", value: median(nodes), unit: "ms", aim: "", baseline: of(nodes) },
    {
      figure: `new subscription until it is known to all of ${clusters} clusters (ready=mesh), p99`,
      value: quantile(ready, 0.99),
      unit: "ms",
      aim: readyAim,
      baseline: `${ready.length} times; the way to the farthest and back takes up to ${
        Math.round(Math.max(...ways))
      } ms`,
    },
    {
      figure: "… beyond the way to the farthest cluster and back, median",
      value: median(subscribed.map(({ ms, roundTripMs }) => ms - roundTripMs)),
      unit: "ms",
      aim: "",
    },
    { figure: "all start at once, until each knows the way to all", value: formMs, unit: "ms", aim: "" },
    { figure: "… processor time", value: (form.user + form.system) / 1e6, unit: "s", aim: "" },
    { figure: "processor time of it all", value: (total.user + total.system) / 1e6, unit: "s", aim: "" },
  ];
}

/** From the wish to the answer of `ready=mesh`, ms; and what no mesh can be quicker than. */
function subscribe(mesh: SimulatedMesh, topic: string): { readonly ms: number; readonly roundTripMs: number } {
  mesh.advance(mesh.random.between(100, 600));
  const cluster = mesh.random.pick(mesh.clusters);
  const startedAt = mesh.nowMs;
  let answer: { readonly atMs: number; readonly missing: readonly string[] } | undefined;
  mesh.subscribe(cluster, topic);
  mesh.federation(cluster)!.whenReady(READY_MS_MAX, (missing) => answer = { atMs: mesh.nowMs, missing });
  mesh.until(() => answer !== undefined, READY_MS_MAX + 1000, "nobody says that the mesh is ready");
  const deaf = mesh.clusters.filter((other) => other !== cluster && !mesh.reaches(topic, other, cluster));
  const lacking = [...answer!.missing, ...deaf];
  if (lacking.length > 0) throw new Error(`Cannot count on "${topic}" at ${cluster}: ${lacking} do not know of it`);
  return { ms: answer!.atMs - startedAt, roundTripMs: mesh.roundTripMs(cluster) };
}

/** From the black hole until no cluster has a route over the link any more, ms. */
function loseLink(mesh: SimulatedMesh, link: Link, { heals }: MeshShape): number {
  mesh.advance(mesh.random.between(100, 600)); // HELLOs are at any point
  const ms = untilAll(mesh, () => mesh.setBlackHole(link, true), (table) => !table.hasLink(...link));
  if (heals) {
    mesh.setBlackHole(link, false);
    mesh.rest();
  }
  return ms;
}

/** From the loss of power until no cluster believes that there is a way to it, ms. */
function loseCluster(mesh: SimulatedMesh, lost: string, { heals }: MeshShape): number {
  mesh.advance(mesh.random.between(100, 600));
  const ms = untilAll(mesh, () => mesh.kill(lost), (table) => table.nextHop(lost) === undefined);
  if (heals) {
    mesh.start(lost);
    mesh.rest();
  }
  return ms;
}

/** How long after a fault it is until something is so of the routes of each cluster that runs, ms. */
function untilAll(mesh: SimulatedMesh, fault: () => void, isSo: (table: RouteTable) => boolean): number {
  const startedAt = mesh.nowMs;
  fault();
  let open = mesh.clusters.filter((cluster) => mesh.federation(cluster) !== undefined);
  mesh.until(
    () => {
      open = open.filter((cluster) => !isSo(mesh.federation(cluster)!.topology.table));
      return open.length === 0;
    },
    CONVERGE_MS_MAX,
    "not every cluster has routes around the fault",
  );
  return mesh.nowMs - startedAt;
}
