/** The routes of one class of traffic over one graph: who is next for each destination, and who is when links go down. */

import { type Adjacency, arcBetween } from "./adjacency.ts";
import { type Alternate, Alternates } from "./alternates.ts";
import { type RouteClass, toWeights } from "./route_class.ts";
import { NONE, ShortestPaths } from "./shortest_path.ts";

/** A path over a neighbour. */
export interface HopPath {
  readonly hop: number;
  readonly vertices: readonly number[];
  readonly weight: number;
}

/** Each holds four bytes a cluster. Hop lists differ little while one topology version stands. */
const AVOIDING_MAX = 64;

export class ClassRoutes {
  readonly #adjacency: Adjacency;
  readonly #self: number;
  /** Links that went down have no weight any more; distances and alternates are of before. */
  readonly #weights: Float64Array;
  readonly #paths: ShortestPaths;
  readonly #distances: Float64Array;
  /** First hops by the graph. */
  readonly #primary: Int32Array;
  /** First hops now. */
  readonly #hops: Int32Array;
  readonly #down = new Set<number>();
  readonly #avoiding = new Map<string, Int32Array>();
  #alternates: Alternates | undefined;

  constructor(adjacency: Adjacency, self: number, routeClass: RouteClass) {
    this.#adjacency = adjacency;
    this.#self = self;
    this.#weights = toWeights(adjacency, routeClass);
    this.#paths = new ShortestPaths(adjacency, this.#weights);
    this.#distances = this.#paths.distancesFrom(self);
    this.#primary = this.#paths.firstHops(this.#distances, self);
    this.#hops = this.#primary.slice();
  }

  /** The next hop; `NONE`: there is no path. */
  hop(destination: number): number {
    return this.#hops[destination];
  }

  /** Whether the next hop stands in for one whose link is down. */
  isAlternate(destination: number): boolean {
    return this.#hops[destination] !== this.#primary[destination];
  }

  /** The next hop by the graph, link down or not. */
  primary(destination: number): number {
    return this.#primary[destination];
  }

  /** Of the path to a destination that has a next hop. */
  weight(destination: number): number {
    if (!this.isAlternate(destination)) return this.#distances[destination];
    return this.alternates.weightOver(this.#hops[destination], destination);
  }

  /** The path to a destination that has a next hop. */
  path(destination: number): HopPath {
    const hop = this.#hops[destination];
    const weight = this.weight(destination);
    // The first hop of a path that is no alternate may be beyond the neighbours that serve as alternates.
    const vertices = this.isAlternate(destination)
      ? this.alternates.pathOver(hop, destination)
      : this.#paths.path(this.#distances, destination);
    return { hop, vertices, weight };
  }

  /** Who would take over if the link with the next hop went down now. */
  alternate(destination: number): Alternate | undefined {
    const hop = this.#hops[destination];
    const primary = this.#primary[destination];
    return this.alternates.best(destination, {
      primary,
      isUsable: (neighbour) => neighbour !== hop && !this.#down.has(neighbour),
    });
  }

  /** Computed when first asked for: a mesh that comes up changes faster than its links break. */
  get alternates(): Alternates {
    return this.#alternates ??= new Alternates({
      adjacency: this.#adjacency,
      weights: this.#weights,
      paths: this.#paths,
      self: this.#self,
      distances: this.#distances,
    });
  }

  /** The link with a neighbour is down: what went over it goes over alternates, or has no next hop. */
  cutLink(peer: number): void {
    this.#down.add(peer);
    const hops = this.#hops;
    for (let destination = 0; destination < hops.length; destination++) {
      if (hops[destination] === peer) hops[destination] = this.alternate(destination)?.neighbour ?? NONE;
    }
    this.#weights[arcBetween(this.#adjacency, this.#self, peer)] = Infinity;
    this.#weights[arcBetween(this.#adjacency, peer, this.#self)] = Infinity;
    this.#avoiding.clear();
  }

  /** The next hop of the shortest path that touches none of `avoid`; `NONE`: there is no such path. */
  hopAvoiding(destination: number, avoid: readonly number[]): number {
    const key = avoid.join();
    let hops = this.#avoiding.get(key);
    if (hops === undefined) {
      if (this.#avoiding.size >= AVOIDING_MAX) this.#avoiding.delete(this.#avoiding.keys().next().value!);
      hops = this.#paths.firstHops(this.#paths.distancesFrom(this.#self, avoid), this.#self);
      this.#avoiding.set(key, hops);
    }
    return hops[destination];
  }
}
