/** A route as people read it: the way, why this one, and the way around its first hop. */

import type { Adjacency } from "./adjacency.ts";
import type { ClassRoutes } from "./class_routes.ts";
import { costOfWeight, linksOfWeight } from "./route_class.ts";
import { NONE } from "./shortest_path.ts";

export interface Way {
  readonly nextHop: string;
  /** From this cluster to the destination, both included. */
  readonly path: readonly string[];
  /** The sum of its links' costs for the class. */
  readonly cost: number;
}

export interface Route extends Way {
  readonly destination: string;
  /** `alternate`: the link with the first hop of the shortest path is down, and nothing has been computed since. */
  readonly state: "active" | "alternate";
  /** Why this way, for people. */
  readonly reason: string;
  /** Takes over at once when the link with the next hop goes down; `null`: the destination's events would be parked. */
  readonly alternate: Way | null;
}

/** The route to a vertex; `undefined`: there is none. */
export function toRoute(routes: ClassRoutes, { names }: Adjacency, destination: number): Route | undefined {
  if (routes.hop(destination) === NONE) return undefined;
  const toWay = (hop: number, vertices: readonly number[], weight: number): Way => ({
    nextHop: names[hop],
    path: vertices.map((vertex) => names[vertex]),
    cost: costOfWeight(weight),
  });
  const { hop, vertices, weight } = routes.path(destination);
  const alternate = routes.alternate(destination);
  const isAlternate = routes.isAlternate(destination);
  return {
    destination: names[destination],
    ...toWay(hop, vertices, weight),
    state: isAlternate ? "alternate" : "active",
    reason: isAlternate ? whyAlternate(routes, names, destination) : whyActive(routes, names, destination),
    alternate: alternate === undefined ? null : toWay(
      alternate.neighbour,
      routes.alternates.pathOver(alternate.neighbour, destination),
      alternate.weight,
    ),
  };
}

function whyAlternate(routes: ClassRoutes, names: readonly string[], destination: number): string {
  return `the link with "${names[routes.primary(destination)]}" is down; ` +
    `"${names[routes.hop(destination)]}" has a path that does not lead back here`;
}

/** Against the best of the others. */
function whyActive(routes: ClassRoutes, names: readonly string[], destination: number): string {
  const weight = routes.weight(destination);
  const [cost, links] = [costOfWeight(weight), linksOfWeight(weight)];
  let rival: { readonly neighbour: number; readonly weight: number } | undefined;
  for (const other of routes.alternates.of(destination, routes.primary(destination))) {
    if (rival === undefined || other.weight < rival.weight) rival = other;
  }
  const found = `cost ${cost} over ${links} ${links === 1 ? "link" : "links"}`;
  if (rival === undefined) {
    const isOnly = routes.alternates.neighbours === 1;
    return `${found}; ${isOnly ? "there is no other link" : "every other neighbour's path leads back here"}`;
  }
  const over = `over "${names[rival.neighbour]}"`;
  const rivalCost = costOfWeight(rival.weight);
  if (rivalCost !== cost) return `${found}, the cheapest; ${over} it would be ${rivalCost}`;
  const rivalLinks = linksOfWeight(rival.weight);
  if (rivalLinks !== links) return `${found}; ${over} it would cost the same with ${rivalLinks} links`;
  return `${found}; ${over} it would be as good, and the smaller name of the cluster before decides`;
}
