/** The mesh as a graph: an edge exists only if both ends report it up; its cost is the larger of theirs (two-way check). */

import type { LinkState } from "./link_state.ts";

export interface Edge {
  readonly to: string;
  readonly cost: number;
}

export class Graph {
  readonly #states = new Map<string, LinkState>();

  set(cluster: string, state: LinkState): void {
    this.#states.set(cluster, state);
  }

  remove(cluster: string): void {
    this.#states.delete(cluster);
  }

  get clusters(): readonly string[] {
    return [...this.#states.keys()].sort();
  }

  /** Edges of a cluster, by name. */
  edgesOf(cluster: string): readonly Edge[] {
    const edges: Edge[] = [];
    for (const { peer, cost, up } of this.#states.get(cluster)?.links ?? []) {
      if (!up || peer === cluster) continue;
      const back = this.#states.get(peer)?.links.find((link) => link.peer === cluster && link.up);
      if (back !== undefined) edges.push({ to: peer, cost: Math.max(cost, back.cost) });
    }
    return edges.sort((a, b) => a.to < b.to ? -1 : 1);
  }
}
