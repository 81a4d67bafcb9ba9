/** The way from this cluster to every other, by class; it grows old with the graph and is made anew with it. */

import { isSameList } from "../../same.ts";
import { type Adjacency, arcBetween, isSameAdjacency, loneAdjacency, withoutLinks } from "./adjacency.ts";
import { ClassRoutes } from "./class_routes.ts";
import type { Graph } from "./graph.ts";
import { type Route, toRoute } from "./route.ts";
import { checkClasses, costOfWeight, LATENCY, type RouteClass } from "./route_class.ts";
import { NONE } from "./shortest_path.ts";

/** Classes are named by their number, from 0; methods that are given none answer for class 0. */
export class RouteTable {
  readonly self: string;
  readonly #classes: readonly RouteClass[];
  #adjacency: Adjacency;
  /** Vertex of this cluster. */
  #source = 0;
  #routes: readonly ClassRoutes[];
  /** Vertices of neighbours whose links went down since the last `update()`. */
  #down: readonly number[] = [];
  #version = 0;
  #reachable: readonly string[] = [];
  /** Version of which `#reachable` is. */
  #reachableAt = 0;

  constructor(self: string, classes: readonly RouteClass[] = [LATENCY]) {
    checkClasses(classes);
    this.self = self;
    this.#classes = classes;
    this.#adjacency = loneAdjacency(self);
    this.#routes = this.#compute();
  }

  /** Grows with each change of the graph, and with each link that goes down. */
  get version(): number {
    return this.#version;
  }

  /** Computes all routes anew, unless the graph is what it was. Without a word of this cluster itself it has no links. */
  update(graph: Graph): void {
    const known = graph.adjacency;
    const adjacency = known.ids.has(this.self) ? known : loneAdjacency(this.self);
    if (this.#down.length === 0 && isSameAdjacency(this.#adjacency, adjacency)) return;
    this.#install(adjacency);
  }

  /** A link of this cluster is down: in this call its routes change to their alternates, or vanish, until `update()`. */
  linkDown(peer: string): void {
    const vertex = this.#adjacency.ids.get(peer);
    if (vertex === undefined || this.#down.includes(vertex)) return;
    if (arcBetween(this.#adjacency, this.#source, vertex) === NONE) return;
    this.#down = [...this.#down, vertex];
    for (const routes of this.#routes) routes.cutLink(vertex);
    this.#version++;
  }

  routeTo(destination: string, klass = 0): Route | undefined {
    const vertex = this.#adjacency.ids.get(destination);
    return vertex === undefined ? undefined : toRoute(this.#routes[klass], this.#adjacency, vertex);
  }

  /** `undefined`: no path, or this cluster itself. */
  nextHop(destination: string, klass = 0): string | undefined {
    const vertex = this.#adjacency.ids.get(destination);
    return vertex === undefined ? undefined : this.#adjacency.names[this.#routes[klass].hop(vertex)];
  }

  /** The next hop of the shortest path that touches none of these clusters; this one may be among them. */
  nextHopAvoiding(destination: string, avoid: readonly string[], klass = 0): string | undefined {
    const { ids, names } = this.#adjacency;
    const vertex = ids.get(destination);
    if (vertex === undefined) return undefined;
    const vertices = avoid.map((name) => ids.get(name) ?? NONE).filter((id) => id !== NONE);
    return names[this.#routes[klass].hopAvoiding(vertex, vertices)];
  }

  /** Other clusters to which class 0 has a path, by name; the same object as long as they are the same. */
  reachable(): readonly string[] {
    if (this.#reachableAt === this.#version) return this.#reachable;
    this.#reachableAt = this.#version;
    const now = this.#adjacency.names.filter((_, vertex) => this.#routes[0].hop(vertex) !== NONE);
    if (!isSameList(now, this.#reachable)) this.#reachable = now;
    return this.#reachable;
  }

  /** The cost of the path as it is now; 0 for this cluster, `undefined` without a path. */
  distance(destination: string, klass = 0): number | undefined {
    if (destination === this.self) return 0;
    const vertex = this.#adjacency.ids.get(destination);
    const routes = this.#routes[klass];
    return vertex === undefined || routes.hop(vertex) === NONE ? undefined : costOfWeight(routes.weight(vertex));
  }

  /** Whether routes may use the link between two clusters: both say that it is up, and it is not one that just went down here. */
  hasLink(a: string, b: string): boolean {
    const { ids } = this.#adjacency;
    const [from, to] = [ids.get(a) ?? NONE, ids.get(b) ?? NONE];
    if (from === NONE || to === NONE || arcBetween(this.#adjacency, from, to) === NONE) return false;
    const end = from === this.#source ? to : to === this.#source ? from : NONE;
    return !this.#down.includes(end);
  }

  /** A table of its own with the routes as they would be without the link between two clusters. Throws if there is none. */
  simulateCut(a: string, b: string): RouteTable {
    const { ids } = this.#adjacency;
    const [from, to] = [ids.get(a) ?? NONE, ids.get(b) ?? NONE];
    if (from === NONE || to === NONE || arcBetween(this.#adjacency, from, to) === NONE) {
      throw new RangeError(`Cannot cut "${a}-${b}": no link joins them; name two neighbours`);
    }
    const cut = [[from, to], ...this.#down.map((peer) => [this.#source, peer])];
    const table = new RouteTable(this.self, this.#classes);
    table.#install(withoutLinks(this.#adjacency, (x, y) => {
      return cut.some(([c, d]) => (x === c && y === d) || (x === d && y === c));
    }));
    return table;
  }

  #install(adjacency: Adjacency): void {
    this.#adjacency = adjacency;
    this.#source = adjacency.ids.get(this.self)!;
    this.#down = [];
    this.#routes = this.#compute();
    this.#version++;
  }

  #compute(): readonly ClassRoutes[] {
    return this.#classes.map((routeClass) => new ClassRoutes(this.#adjacency, this.#source, routeClass));
  }
}
