/** What a change of the mesh costs each of its clusters: all routes and alternates of a large one, computed anew. */

import { Graph, type LinkState, type RouteClass, RouteTable } from "../../federation/routing/paths/mod.ts";
import { type Figure, median } from "./figure.ts";

const CLUSTERS = 1000;
const LINKS = 4000;
const SEED = 20_240_501;
const ROUNDS = 300;
const LOOK_UPS = 1_000_000;

const CLASSES: readonly RouteClass[] = [
  { name: "latency", tagCosts: {} },
  { name: "money", tagCosts: { metered: 200 } },
  { name: "loss", tagCosts: { lossy: 1000 } },
  { name: "sovereign", tagCosts: { abroad: Infinity } },
];

/** Some 3 s. */
export function benchPaths(): Figure[] {
  const states = createMesh();
  const graph = new Graph();
  for (const [cluster, state] of states) graph.set(cluster, state);
  const one = measure(graph, states, [CLASSES[0]]);
  const four = measure(graph, states, CLASSES);
  const table = new RouteTable(nameOf(0), CLASSES);
  table.update(graph);
  return [
    { figure: "routes of 1 class, no alternates", value: one.routes, unit: "ms", aim: "" },
    { figure: "routes and alternates of 1 class", value: one.both, unit: "ms", aim: "" },
    { figure: "routes and alternates of 4 classes", value: four.both, unit: "ms", aim: "≤ 5" },
    { figure: "the graph from link states", value: four.graph, unit: "ms", aim: "" },
    { figure: "a link goes down, 4 classes", value: four.linkDown, unit: "ms", aim: "" },
    { figure: "nextHop", value: lookUpNs((destination) => table.nextHop(destination)), unit: "ns", aim: "" },
    {
      figure: "nextHopAvoiding, known hop list",
      value: lookUpNs((destination) => table.nextHopAvoiding(destination, [nameOf(7), nameOf(8)])),
      unit: "ns",
      aim: "",
    },
  ];
}

/** Medians, ms. Each round one cluster has just changed its mind, so that nothing is left from the round before. */
function measure(graph: Graph, states: ReadonlyMap<string, LinkState>, classes: readonly RouteClass[]) {
  const times: Record<"graph" | "routes" | "both" | "linkDown", number[]> = {
    graph: [],
    routes: [],
    both: [],
    linkDown: [],
  };
  const changing = states.get(nameOf(1))!;
  const peer = states.get(nameOf(0))!.links[0].peer;
  const clock = (name: keyof typeof times, run: () => void): void => {
    const start = performance.now();
    run();
    times[name].push(performance.now() - start);
  };
  const table = new RouteTable(nameOf(0), classes);
  for (let round = 0; round < ROUNDS; round++) {
    graph.set(nameOf(1), { links: changing.links.map((link) => ({ ...link, cost: link.cost + round % 2 })) });
    clock("graph", () => graph.adjacency);
    clock("routes", () => table.update(graph));
    // The alternates are computed with the first route that is asked for, or with the first link that goes down.
    clock("linkDown", () => table.linkDown(peer));
    times.both.push(times.routes[round] + times.linkDown[round]);
    table.update(graph);
    classes.forEach((_, klass) => table.routeTo(nameOf(2), klass));
    times.linkDown.pop();
    clock("linkDown", () => table.linkDown(peer));
  }
  return {
    graph: median(times.graph),
    routes: median(times.routes),
    both: median(times.both),
    linkDown: median(times.linkDown),
  };
}

function lookUpNs(lookUp: (destination: string) => string | undefined): number {
  const names = Array.from({ length: CLUSTERS - 1 }, (_, n) => nameOf(n + 1));
  let found = 0;
  const run = (count: number) => {
    for (let n = 0; n < count; n++) if (lookUp(names[n % names.length]) !== undefined) found++;
  };
  run(LOOK_UPS / 10);
  const start = performance.now();
  run(LOOK_UPS);
  const ns = (performance.now() - start) * 1e6 / LOOK_UPS;
  if (found === 0) throw new Error("Cannot measure look-ups: nothing was found");
  return ns;
}

function nameOf(n: number): string {
  return `cluster-${n}`;
}

/** A ring, so that everybody can be reached, and chords at random. Every fourth link has a tag. */
function createMesh(): ReadonlyMap<string, LinkState> {
  const random = createRandom(SEED);
  const links = Array.from({ length: CLUSTERS }, () => new Map<number, { cost: number; tags: string[] }>());
  const join = (a: number, b: number): void => {
    const tag = ["metered", "lossy", "abroad"][Math.floor(random() * 12)];
    const link = { cost: 1 + Math.floor(random() * 100), tags: tag === undefined ? [] : [tag] };
    links[a].set(b, link);
    links[b].set(a, link);
  };
  for (let n = 0; n < CLUSTERS; n++) join(n, (n + 1) % CLUSTERS);
  for (let joined = CLUSTERS; joined < LINKS;) {
    const [a, b] = [Math.floor(random() * CLUSTERS), Math.floor(random() * CLUSTERS)];
    if (a === b || links[a].has(b)) continue;
    join(a, b);
    joined++;
  }
  return new Map(links.map((peers, n) => [nameOf(n), {
    links: [...peers].map(([peer, { cost, tags }]) => ({ peer: nameOf(peer), cost, tags, up: true })),
  }]));
}

/** Mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
