/** The way to every cluster that can be reached, and the way around the first hop of it. */

import { Graph } from "./graph.ts";
import { indexGraph } from "./index_graph.ts";
import { type IndexedGraph, pathTo, type PathTree, shortestPaths, UNREACHED } from "./shortest_path.ts";

export interface Way {
  readonly nextHop: string;
  /** From this cluster to the destination, both included. */
  readonly path: readonly string[];
  readonly cost: number;
}

export interface Route extends Way {
  readonly destination: string;
  readonly state: "active" | "alternate";
  /** Why this way, for people. */
  readonly reason: string;
  readonly alternate: Way | null;
}

/** Answers of `nextHopAvoiding` kept for one version. */
const AVOIDED_MAX = 4096;

export class RouteTable {
  readonly self: string;
  #version = 0;
  #graph: IndexedGraph;
  #routes = new Map<string, Route>();
  #avoided = new Map<string, string | undefined>();
  #source: Graph = new Graph();

  constructor(self: string) {
    this.self = self;
    this.#graph = indexGraph(this.#source, self);
  }

  /** Grows with each change. */
  get version(): number {
    return this.#version;
  }

  update(graph: Graph): void {
    this.#source = graph;
    this.#graph = indexGraph(graph, this.self);
    this.#replace(computeRoutes(this.#graph, this.self));
  }

  /** A link of this cluster is down: in this call its routes change to their alternates, or vanish, until `update()`. */
  linkDown(peer: string): void {
    const routes = new Map<string, Route>();
    for (const [destination, route] of this.#routes) {
      if (route.nextHop !== peer) {
        routes.set(destination, route.alternate?.nextHop === peer ? { ...route, alternate: null } : route);
        continue;
      }
      const { alternate } = route;
      if (alternate === null) continue;
      const reason = `loop-free alternate: the link with ${peer} is down`;
      routes.set(destination, { destination, ...alternate, state: "alternate", reason, alternate: null });
    }
    this.#replace(routes);
  }

  routeTo(destination: string): Route | undefined {
    return this.#routes.get(destination);
  }

  nextHop(destination: string): string | undefined {
    return this.#routes.get(destination)?.nextHop;
  }

  /** The next hop of the shortest path that crosses none of these clusters. */
  nextHopAvoiding(destination: string, avoid: readonly string[]): string | undefined {
    const key = `${destination} ${[...avoid].sort().join(" ")}`;
    if (this.#avoided.has(key)) return this.#avoided.get(key);
    if (this.#avoided.size >= AVOIDED_MAX) this.#avoided.clear();
    const hop = this.#avoiding(destination, avoid);
    this.#avoided.set(key, hop);
    return hop;
  }

  /** Other clusters to which there is a way. */
  reachable(): readonly string[] {
    return [...this.#routes.keys()];
  }

  distance(destination: string): number | undefined {
    return destination === this.self ? 0 : this.#routes.get(destination)?.cost;
  }

  /** The routes as they would be without the link between two clusters. */
  simulateCut(a: string, b: string): RouteTable {
    const table = new RouteTable(this.self);
    table.update(cutGraph(this.#source, a, b));
    return table;
  }

  #avoiding(destination: string, avoid: readonly string[]): string | undefined {
    const { names } = this.#graph;
    const target = names.indexOf(destination);
    if (target < 0) return undefined;
    const excluded = new Uint8Array(names.length);
    for (const name of avoid) {
      const number = names.indexOf(name);
      if (number >= 0 && name !== this.self) excluded[number] = 1;
    }
    const tree = shortestPaths(this.#graph, names.indexOf(this.self), excluded);
    return tree.distances[target] === UNREACHED ? undefined : names[pathTo(tree, target)[1]];
  }

  #replace(routes: Map<string, Route>): void {
    const before = this.#routes;
    this.#routes = routes;
    this.#avoided = new Map();
    if (!sameRoutes(before, routes)) this.#version++;
  }
}

function computeRoutes(graph: IndexedGraph, self: string): Map<string, Route> {
  const { names } = graph;
  const source = names.indexOf(self);
  const tree = shortestPaths(graph, source);
  const neighbours = neighboursOf(graph, source);
  const trees = neighbours.map(({ vertex }) => shortestPaths(graph, vertex));
  const routes = new Map<string, Route>();
  for (let target = 0; target < names.length; target++) {
    if (target === source || tree.distances[target] === UNREACHED) continue;
    const path = pathTo(tree, target);
    const way = toWay(graph, path, tree.distances[target]);
    const alternate = findAlternate(graph, { source, target, firstHop: path[1], tree, neighbours, trees });
    const reason = alternate === null
      ? `the shortest path, ${path.length - 1} hops; there is no loop-free alternate`
      : `the shortest path, ${path.length - 1} hops`;
    routes.set(names[target], { destination: names[target], ...way, state: "active", reason, alternate });
  }
  return routes;
}

interface Neighbour {
  readonly vertex: number;
  readonly cost: number;
}

function neighboursOf({ starts, targets, costs }: IndexedGraph, source: number): Neighbour[] {
  const neighbours: Neighbour[] = [];
  for (let edge = starts[source]; edge < starts[source + 1]; edge++) {
    neighbours.push({ vertex: targets[edge], cost: costs[edge] });
  }
  return neighbours;
}

/** RFC 5286 §3.1, inequality 1: a neighbour N whose own way to D does not lead back: d(N, D) < d(N, S) + d(S, D). */
function findAlternate(
  graph: IndexedGraph,
  { source, target, firstHop, tree, neighbours, trees }: {
    source: number;
    target: number;
    firstHop: number;
    tree: PathTree;
    neighbours: readonly Neighbour[];
    trees: readonly PathTree[];
  },
): Way | null {
  let best: { neighbour: number; cost: number; protects: boolean } | undefined;
  for (const [i, { vertex, cost }] of neighbours.entries()) {
    if (vertex === firstHop) continue;
    const { distances } = trees[i];
    if (!(distances[target] < distances[source] + tree.distances[target])) continue;
    // Inequality 3: it does not need the first hop either.
    const first = neighbours.findIndex((neighbour) => neighbour.vertex === firstHop);
    const protects = target === firstHop || distances[target] < distances[firstHop] + trees[first].distances[target];
    const total = cost + distances[target];
    const better = best === undefined || (protects !== best.protects ? protects : total < best.cost);
    if (better) best = { neighbour: i, cost: total, protects };
  }
  if (best === undefined) return null;
  return toWay(graph, [source, ...pathTo(trees[best.neighbour], target)], best.cost);
}

function toWay({ names }: IndexedGraph, path: readonly number[], cost: number): Way {
  return { nextHop: names[path[1]], path: path.map((vertex) => names[vertex]), cost };
}

function sameRoutes(a: ReadonlyMap<string, Route>, b: ReadonlyMap<string, Route>): boolean {
  if (a.size !== b.size) return false;
  for (const [destination, route] of a) {
    const other = b.get(destination);
    if (other === undefined || other.state !== route.state || !sameWay(route, other)) return false;
    if ((route.alternate === null) !== (other.alternate === null)) return false;
    if (route.alternate !== null && !sameWay(route.alternate, other.alternate!)) return false;
  }
  return true;
}

function sameWay(a: Way, b: Way): boolean {
  return a.cost === b.cost && a.path.length === b.path.length && a.path.every((name, i) => name === b.path[i]);
}

function cutGraph(graph: Graph, a: string, b: string): Graph {
  const cut = new Graph();
  for (const cluster of graph.clusters) {
    const links = graph.edgesOf(cluster)
      .filter(({ to }) => !((cluster === a && to === b) || (cluster === b && to === a)))
      .map(({ to, cost }) => ({ peer: to, cost, up: true }));
    cut.set(cluster, { links, nodes: [] });
  }
  return cut;
}
