/**
 * A graph in typed arrays. Vertices are numbered in the order of their names and arcs lie in that order too, so that
 * comparing numbers is comparing names, and every cluster that knows the same has the same arrays.
 */

export interface Adjacency {
  /** Clusters by vertex, ascending. */
  readonly names: readonly string[];
  readonly ids: ReadonlyMap<string, number>;
  /** The arcs of vertex i are [offsets[i], offsets[i + 1]); each link is two arcs of equal cost and tags. */
  readonly offsets: Uint32Array;
  /** Where arcs lead; ascending for each vertex. */
  readonly targets: Uint16Array;
  /** From 1 to `LINK_COST_MAX`. */
  readonly costs: Uint16Array;
  /** What either end says of the link, sorted; empty for most. */
  readonly tags: readonly (readonly string[])[];
}

/** A minute and five seconds, where costs are milliseconds: no link that is worth using is dearer. */
export const LINK_COST_MAX = 65_535;

/** Of a cluster that knows of nobody else. */
export function loneAdjacency(name: string): Adjacency {
  return {
    names: [name],
    ids: new Map([[name, 0]]),
    offsets: new Uint32Array(2),
    targets: new Uint16Array(0),
    costs: new Uint16Array(0),
    tags: [],
  };
}

/** The same graph without these links. */
export function withoutLinks(adjacency: Adjacency, isCut: (from: number, to: number) => boolean): Adjacency {
  const { names, ids } = adjacency;
  const offsets = new Uint32Array(names.length + 1);
  const kept: number[] = [];
  for (let from = 0; from < names.length; from++) {
    for (let arc = adjacency.offsets[from]; arc < adjacency.offsets[from + 1]; arc++) {
      if (!isCut(from, adjacency.targets[arc])) kept.push(arc);
    }
    offsets[from + 1] = kept.length;
  }
  return {
    names,
    ids,
    offsets,
    targets: new Uint16Array(kept.map((arc) => adjacency.targets[arc])),
    costs: new Uint16Array(kept.map((arc) => adjacency.costs[arc])),
    tags: kept.map((arc) => adjacency.tags[arc]),
  };
}

/** Whether routes over both are the same. */
export function isSameAdjacency(a: Adjacency, b: Adjacency): boolean {
  if (a === b) return true;
  if (a.names.length !== b.names.length || a.targets.length !== b.targets.length) return false;
  // Plain loops: this runs with each change of a mesh of thousands of links, in each of its clusters.
  for (let id = 0; id < a.names.length; id++) {
    if (a.names[id] !== b.names[id] || a.offsets[id] !== b.offsets[id]) return false;
  }
  for (let arc = 0; arc < a.targets.length; arc++) {
    if (a.targets[arc] !== b.targets[arc] || a.costs[arc] !== b.costs[arc]) return false;
    if (a.tags[arc] !== b.tags[arc] && a.tags[arc].join() !== b.tags[arc].join()) return false;
  }
  return true;
}

/** The arc between two vertices; -1: no link joins them. */
export function arcBetween({ offsets, targets }: Adjacency, from: number, to: number): number {
  for (let arc = offsets[from]; arc < offsets[from + 1]; arc++) if (targets[arc] === to) return arc;
  return -1;
}
