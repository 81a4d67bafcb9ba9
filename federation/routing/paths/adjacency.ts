/**
 * A graph in typed arrays. Vertices are numbered in the order of their names and arcs lie in that order too, so that
 * comparing numbers is comparing names, and every cluster that knows the same has the same arrays.
 */

import type { LinkReport, LinkState } from "./link_state.ts";

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

const NO_TAGS: readonly string[] = [];

/** Links that both ends say are up. Their cost is the larger of the two, so that both directions agree. */
export function toAdjacency(states: ReadonlyMap<string, LinkState>): Adjacency {
  const names = [...states.keys()].sort();
  const ids = new Map(names.map((name, id) => [name, id]));
  const { sources, targets, reports } = readReports(names.map((name) => states.get(name)!), ids);
  // Sorted by one end, then by the other: the reports of a cluster by peer, and those on a cluster by who says so.
  const inbound = sortBy(targets, sources.map((_, report) => report), names.length);
  const outbound = sortBy(sources, inbound.order, names.length);
  const agreed: { readonly target: number; readonly here: LinkReport; readonly there: LinkReport }[] = [];
  const offsets = new Uint32Array(names.length + 1);
  for (let id = 0; id < names.length; id++) {
    let back = inbound.offsets[id];
    for (let i = outbound.offsets[id]; i < outbound.offsets[id + 1]; i++) {
      const report = outbound.order[i];
      const target = targets[report];
      while (back < inbound.offsets[id + 1] && sources[inbound.order[back]] < target) back++;
      if (back === inbound.offsets[id + 1]) break;
      const answer = inbound.order[back];
      if (sources[answer] === target) agreed.push({ target, here: reports[report], there: reports[answer] });
    }
    offsets[id + 1] = agreed.length;
  }
  return {
    names,
    ids,
    offsets,
    targets: new Uint16Array(agreed.map(({ target }) => target)),
    costs: new Uint16Array(agreed.map(({ here, there }) => toCost(here.cost, there.cost))),
    tags: agreed.map(({ here, there }) => unite(here.tags, there.tags)),
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

/** What is said of links that are up, between clusters that are known. Of several links with one peer the cheapest counts. */
function readReports(states: readonly LinkState[], ids: ReadonlyMap<string, number>) {
  const sources: number[] = [];
  const targets: number[] = [];
  const reports: LinkReport[] = [];
  const newest = new Int32Array(states.length).fill(-1);
  states.forEach(({ links }, source) => {
    for (const report of links) {
      const target = report.up ? ids.get(report.peer) : undefined;
      if (target === undefined || target === source) continue;
      const known = newest[target];
      if (known >= 0 && sources[known] === source) {
        if (report.cost < reports[known].cost) reports[known] = report;
        continue;
      }
      newest[target] = sources.length;
      sources.push(source);
      targets.push(target);
      reports.push(report);
    }
  });
  return { sources, targets, reports };
}

/** Sorts `order` by key, keeping the order of equals; also where each key begins. */
function sortBy(keys: readonly number[], order: ArrayLike<number>, keysMax: number) {
  const offsets = new Uint32Array(keysMax + 1);
  for (const key of keys) offsets[key + 1]++;
  for (let key = 0; key < keysMax; key++) offsets[key + 1] += offsets[key];
  const next = offsets.slice();
  const sorted = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) sorted[next[keys[order[i]]]++] = order[i];
  return { order: sorted, offsets };
}

function toCost(here: number, there: number): number {
  return Math.min(Math.max(here, there, 1), LINK_COST_MAX);
}

function unite(a: readonly string[] = NO_TAGS, b: readonly string[] = NO_TAGS): readonly string[] {
  return a.length + b.length === 0 ? NO_TAGS : [...new Set([...a, ...b])].sort();
}
