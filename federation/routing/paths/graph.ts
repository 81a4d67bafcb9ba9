/** The mesh as its clusters describe it: link states in, the graph that routes are computed on out. */

import { type Adjacency, toAdjacency } from "./adjacency.ts";
import type { LinkState } from "./link_state.ts";

/** As many as a record database holds; distances are exact up to here (see route_class.ts). */
export const CLUSTERS_MAX = 4096;

export class Graph {
  readonly #states = new Map<string, LinkState>();
  #adjacency: Adjacency | undefined;

  get size(): number {
    return this.#states.size;
  }

  /** Takes what a cluster says of itself in place of what it said before. False: there are `CLUSTERS_MAX` others already. */
  set(cluster: string, state: LinkState): boolean {
    if (!this.#states.has(cluster) && this.#states.size >= CLUSTERS_MAX) return false;
    this.#states.set(cluster, state);
    this.#adjacency = undefined;
    return true;
  }

  /** Forgets a cluster, and with it both directions of its links. */
  remove(cluster: string): void {
    if (this.#states.delete(cluster)) this.#adjacency = undefined;
  }

  /** As of now; later changes do not touch it. The same whatever the order in which clusters were set. */
  get adjacency(): Adjacency {
    return this.#adjacency ??= toAdjacency(this.#states);
  }
}
