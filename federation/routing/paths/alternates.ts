/**
 * Loop-free alternates (RFC 5286): neighbours that can take over in the tick in which a link goes down, before anybody
 * else knows. Such a neighbour's own path, by the table that it has now, does not lead back here.
 */

import type { Adjacency } from "./adjacency.ts";
import type { ShortestPaths } from "./shortest_path.ts";

export interface Alternate {
  readonly neighbour: number;
  /** Of the whole path over it. */
  readonly weight: number;
  /** Its path touches the first hop neither, and so outlives that cluster. */
  readonly protectsNode: boolean;
}

export interface AlternatesParts {
  readonly adjacency: Adjacency;
  readonly weights: Float64Array;
  readonly paths: ShortestPaths;
  readonly self: number;
  /** From `self`. */
  readonly distances: Float64Array;
}

/** Each costs a run over the graph, some 0.1 ms at a thousand clusters; the nearest few serve as well as all of a hub's. */
const NEIGHBOURS_MAX = 64;

interface Neighbour {
  readonly vertex: number;
  /** Of the link with it. */
  readonly weight: number;
  readonly distances: Float64Array;
}

export class Alternates {
  readonly #paths: ShortestPaths;
  readonly #self: number;
  readonly #distances: Float64Array;
  /** By weight of the link, then by name. */
  readonly #neighbours: readonly Neighbour[];

  constructor({ adjacency, weights, paths, self, distances }: AlternatesParts) {
    this.#paths = paths;
    this.#self = self;
    this.#distances = distances;
    const arcs = Array.from(
      { length: adjacency.offsets[self + 1] - adjacency.offsets[self] },
      (_, i) => adjacency.offsets[self] + i,
    );
    this.#neighbours = arcs.filter((arc) => weights[arc] < Infinity)
      .sort((a, b) => weights[a] - weights[b] || a - b)
      .slice(0, NEIGHBOURS_MAX)
      .map((arc) => {
        const vertex = adjacency.targets[arc];
        return { vertex, weight: weights[arc], distances: paths.distancesFrom(vertex) };
      });
  }

  /** Neighbours over which a path could begin. */
  get neighbours(): number {
    return this.#neighbours.length;
  }

  /** The alternates to a destination whose first hop is `primary`, in the order of neighbours. */
  *of(destination: number, primary: number): Generator<Alternate> {
    const direct = this.#distances[destination];
    for (const { vertex, weight, distances } of this.#neighbours) {
      const rest = distances[destination];
      // RFC 5286 §3.1, inequality 1. Distances are the same in both directions here.
      if (vertex === primary || rest === Infinity || rest >= distances[this.#self] + direct) continue;
      yield {
        neighbour: vertex,
        weight: weight + rest,
        // Inequality 3. The rest of the shortest path is the first hop's own.
        protectsNode: rest < distances[primary] + direct - this.#distances[primary],
      };
    }
  }

  /** The one that takes over: one that outlives the first hop before one that does not, then the nearest, then by name. */
  best(
    destination: number,
    { primary, isUsable }: { primary: number; isUsable: (neighbour: number) => boolean },
  ): Alternate | undefined {
    let best: Alternate | undefined;
    for (const alternate of this.of(destination, primary)) {
      if (isUsable(alternate.neighbour) && (best === undefined || isBetter(alternate, best))) best = alternate;
    }
    return best;
  }

  /** The weight of the path over a neighbour. */
  weightOver(vertex: number, destination: number): number {
    const { weight, distances } = this.#find(vertex);
    return weight + distances[destination];
  }

  /** The path over a neighbour, with both ends. */
  pathOver(vertex: number, destination: number): number[] {
    return [this.#self, ...this.#paths.path(this.#find(vertex).distances, destination)];
  }

  #find(vertex: number): Neighbour {
    return this.#neighbours.find((neighbour) => neighbour.vertex === vertex)!;
  }
}

function isBetter(a: Alternate, b: Alternate): boolean {
  if (a.protectsNode !== b.protectsNode) return a.protectsNode;
  return a.weight !== b.weight ? a.weight < b.weight : a.neighbour < b.neighbour;
}
