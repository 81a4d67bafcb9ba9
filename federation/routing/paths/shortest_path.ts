/**
 * Shortest paths that every cluster computes alike: by weight (cost, then links), and among equals by the smallest
 * predecessor, seen from the destination. Each cluster on such a path has the rest of it as its own path: a predecessor
 * that is as good from the middle is as good from the start, so that the smallest from the start is the smallest from
 * the middle too. Dijkstra's algorithm; weights are positive and equal in both directions.
 */

import type { Adjacency } from "./adjacency.ts";
import { BucketQueue, EMPTY } from "./bucket_queue.ts";
import { costOfWeight } from "./route_class.ts";

/** No vertex. */
export const NONE = -1;

export class ShortestPaths {
  readonly #adjacency: Adjacency;
  readonly #weights: Float64Array;
  readonly #queue: BucketQueue;

  /** `weights` by arc, `Infinity` for arcs that are not taken. */
  constructor(adjacency: Adjacency, weights: Float64Array) {
    this.#adjacency = adjacency;
    this.#weights = weights;
    let costMax = 0;
    for (let arc = 0; arc < weights.length; arc++) {
      if (weights[arc] < Infinity) costMax = Math.max(costMax, costOfWeight(weights[arc]));
    }
    // Each arc adds one entry at most, and the start is one.
    this.#queue = new BucketQueue({ costMax, entriesMax: adjacency.targets.length + 1 });
  }

  /** Weights from a vertex by vertex, `Infinity` where no path leads that touches none of `avoid`. */
  distancesFrom(source: number, avoid: readonly number[] = []): Float64Array {
    const distances = new Float64Array(this.#adjacency.names.length).fill(Infinity);
    // Nothing is nearer than this, so that no path enters them.
    for (const vertex of avoid) distances[vertex] = -Infinity;
    this.#spread(source, distances);
    for (const vertex of avoid) if (vertex !== source) distances[vertex] = Infinity;
    return distances;
  }

  #spread(source: number, distances: Float64Array): void {
    const { offsets, targets } = this.#adjacency;
    const [weights, queue] = [this.#weights, this.#queue];
    const done = new Uint8Array(distances.length);
    distances[source] = 0;
    queue.push(source, 0);
    for (let vertex = queue.pop(); vertex !== EMPTY; vertex = queue.pop()) {
      // It is in the queue once for each time that a shorter path to it was found.
      if (done[vertex] === 1) continue;
      done[vertex] = 1;
      const distance = distances[vertex];
      for (let arc = offsets[vertex], end = offsets[vertex + 1]; arc < end; arc++) {
        const target = targets[arc];
        const reached = distance + weights[arc];
        if (reached >= distances[target]) continue;
        distances[target] = reached;
        queue.push(target, costOfWeight(reached));
      }
    }
  }

  /** The vertex before this one on its path, by the distances from the start of it; `NONE` at the start. */
  predecessor(distances: Float64Array, vertex: number): number {
    const { offsets, targets } = this.#adjacency;
    const distance = distances[vertex];
    if (distance === Infinity) return NONE;
    for (let arc = offsets[vertex], end = offsets[vertex + 1]; arc < end; arc++) {
      if (distances[targets[arc]] + this.#weights[arc] === distance) return targets[arc];
    }
    return NONE;
  }

  /** The vertices of a path with both ends, by the distances from the start of it; empty: there is none. */
  path(distances: Float64Array, vertex: number): number[] {
    if (distances[vertex] === Infinity) return [];
    const path: number[] = [];
    for (let at = vertex; at !== NONE; at = this.predecessor(distances, at)) path.push(at);
    return path.reverse();
  }

  /** The first step of the path to each vertex, by the distances from `source`; `NONE` for itself and where no path is. */
  firstHops(distances: Float64Array, source: number): Int32Array {
    const hops = new Int32Array(distances.length).fill(NONE);
    const trail: number[] = [];
    for (let vertex = 0; vertex < hops.length; vertex++) {
      if (distances[vertex] === Infinity || vertex === source) continue;
      let at = vertex;
      while (at !== source && hops[at] === NONE) {
        trail.push(at);
        at = this.predecessor(distances, at);
      }
      const hop = at === source ? trail[trail.length - 1] : hops[at];
      for (let last = trail.pop(); last !== undefined; last = trail.pop()) hops[last] = hop;
    }
    return hops;
  }
}
