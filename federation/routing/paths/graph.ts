/** The mesh as its clusters describe it: link states in, the graph that routes are computed on out. */

import type { Adjacency } from "./adjacency.ts";
import { AgreedLinks } from "./agreed_links.ts";
import type { LinkState } from "./link_state.ts";

/** As many as a record database holds; distances are exact up to here (see route_class.ts). */
export const CLUSTERS_MAX = 4096;

export class Graph {
  readonly #links = new AgreedLinks();

  get size(): number {
    return this.#links.size;
  }

  /** Takes what a cluster says of itself in place of what it said before. False: there are `CLUSTERS_MAX` others already. */
  set(cluster: string, state: LinkState): boolean {
    if (!this.#links.has(cluster) && this.#links.size >= CLUSTERS_MAX) return false;
    this.#links.set(cluster, state);
    return true;
  }

  /** Forgets a cluster, and with it both directions of its links. */
  remove(cluster: string): void {
    this.#links.remove(cluster);
  }

  /**
   * As of now; later changes do not touch it. The same whatever the order in which clusters were set, and the same object as
   * long as no link has changed.
   */
  get adjacency(): Adjacency {
    return this.#links.adjacency;
  }
}
