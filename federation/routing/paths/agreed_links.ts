/**
 * The links on which both ends agree, kept as clusters say something new: a change costs what the links of one cluster
 * do, and the arrays that routes are computed on are written anew only when a link or a cluster has changed.
 */

import { type Adjacency, LINK_COST_MAX } from "./adjacency.ts";
import type { LinkReport, LinkState } from "./link_state.ts";

/** One direction of a link. */
interface Arc {
  readonly peer: string;
  readonly cost: number;
  readonly tags: readonly string[];
}

interface Vertex {
  readonly name: string;
  /** What it says of links that are up, by peer. */
  reports: ReadonlyMap<string, LinkReport>;
  /** By name of the peer. */
  readonly arcs: Arc[];
  /** The arcs are not those that were written last. */
  changed: boolean;
}

const NO_TAGS: readonly string[] = [];
const NO_REPORTS: ReadonlyMap<string, LinkReport> = new Map();

export class AgreedLinks {
  readonly #vertices = new Map<string, Vertex>();
  /** Vertices by number; `undefined`: clusters came or went since. */
  #ordered: readonly Vertex[] | undefined;
  #arcs = 0;
  /** As it was written last. */
  #written: Adjacency | undefined;
  #isCurrent = false;

  get size(): number {
    return this.#vertices.size;
  }

  has(cluster: string): boolean {
    return this.#vertices.has(cluster);
  }

  /** Takes what a cluster says of itself in place of what it said before. */
  set(cluster: string, state: LinkState): void {
    const vertex = this.#vertices.get(cluster) ?? this.#add(cluster);
    const before = vertex.reports;
    vertex.reports = usableReports(state);
    for (const peer of before.keys()) if (!vertex.reports.has(peer)) this.#agree(vertex, peer);
    for (const peer of vertex.reports.keys()) this.#agree(vertex, peer);
  }

  /** Forgets a cluster, and with it both directions of its links. */
  remove(cluster: string): void {
    const vertex = this.#vertices.get(cluster);
    if (vertex === undefined) return;
    vertex.reports = NO_REPORTS;
    for (const { peer } of [...vertex.arcs]) this.#agree(vertex, peer);
    this.#vertices.delete(cluster);
    this.#ordered = undefined;
    this.#isCurrent = false;
  }

  /** As of now; later changes do not touch it. */
  get adjacency(): Adjacency {
    if (!this.#isCurrent || this.#written === undefined) this.#written = this.#write();
    this.#isCurrent = true;
    return this.#written;
  }

  #add(name: string): Vertex {
    const vertex: Vertex = { name, reports: NO_REPORTS, arcs: [], changed: true };
    this.#vertices.set(name, vertex);
    this.#ordered = undefined;
    this.#isCurrent = false;
    return vertex;
  }

  /** One of the two ends has said something: the link is there if both say so, and costs the larger of what they say. */
  #agree(vertex: Vertex, peer: string): void {
    const other = this.#vertices.get(peer);
    if (other === undefined || other === vertex) return;
    const here = vertex.reports.get(peer);
    const there = other.reports.get(vertex.name);
    const known = vertex.arcs[placeOf(vertex.arcs, peer)];
    if (here === undefined || there === undefined) {
      if (known?.peer === peer) this.#put(vertex, other, undefined);
      return;
    }
    const link = { cost: toCost(here.cost, there.cost), tags: unite(here.tags, there.tags) };
    if (known?.peer === peer && known.cost === link.cost && known.tags.join() === link.tags.join()) return;
    this.#put(vertex, other, link);
  }

  #put(vertex: Vertex, other: Vertex, link: Omit<Arc, "peer"> | undefined): void {
    const before = vertex.arcs.length;
    putArc(vertex.arcs, other.name, link);
    putArc(other.arcs, vertex.name, link);
    this.#arcs += 2 * (vertex.arcs.length - before);
    vertex.changed = other.changed = true;
    this.#isCurrent = false;
  }

  #write(): Adjacency {
    // Without one of the same numbers everything is written anew.
    const before = this.#ordered === undefined ? undefined : this.#written;
    const ordered = this.#ordered ??= [...this.#vertices.values()].sort((a, b) => a.name < b.name ? -1 : 1);
    const names = before?.names ?? ordered.map(({ name }) => name);
    const ids = before?.ids ?? new Map(names.map((name, id) => [name, id]));
    const offsets = new Uint32Array(names.length + 1);
    const targets = new Uint16Array(this.#arcs);
    const costs = new Uint16Array(this.#arcs);
    const tags = new Array<readonly string[]>(this.#arcs);
    let to = 0;
    for (let id = 0; id < ordered.length; id++) {
      const vertex = ordered[id];
      if (before === undefined || vertex.changed) {
        for (const arc of vertex.arcs) {
          targets[to] = ids.get(arc.peer)!;
          costs[to] = arc.cost;
          tags[to++] = arc.tags;
        }
        vertex.changed = false;
      } else {
        for (let from = before.offsets[id], end = before.offsets[id + 1]; from < end; from++, to++) {
          targets[to] = before.targets[from];
          costs[to] = before.costs[from];
          tags[to] = before.tags[from];
        }
      }
      offsets[id + 1] = to;
    }
    return { names, ids, offsets, targets, costs, tags };
  }
}

/** Where the arc to a peer is, or would be. */
function placeOf(arcs: readonly Arc[], peer: string): number {
  let low = 0;
  for (let high = arcs.length; low < high;) {
    const middle = (low + high) >>> 1;
    if (arcs[middle].peer < peer) low = middle + 1;
    else high = middle;
  }
  return low;
}

function putArc(arcs: Arc[], peer: string, link: Omit<Arc, "peer"> | undefined): void {
  const at = placeOf(arcs, peer);
  const known = arcs[at]?.peer === peer ? 1 : 0;
  if (link === undefined) arcs.splice(at, known);
  else arcs.splice(at, known, { peer, ...link });
}

/** Of states that somebody still holds: databases in one process may share them. */
const usable = new WeakMap<LinkState, ReadonlyMap<string, LinkReport>>();

/** What is said of links that are up; of several with one peer the cheapest counts, of those the first. */
function usableReports(state: LinkState): ReadonlyMap<string, LinkReport> {
  const known = usable.get(state);
  if (known !== undefined) return known;
  const reports = new Map<string, LinkReport>();
  for (const report of state.links) {
    const other = reports.get(report.peer);
    if (report.up && (other === undefined || report.cost < other.cost)) reports.set(report.peer, report);
  }
  usable.set(state, reports);
  return reports;
}

function toCost(here: number, there: number): number {
  return Math.min(Math.max(here, there, 1), LINK_COST_MAX);
}

function unite(a: readonly string[] = NO_TAGS, b: readonly string[] = NO_TAGS): readonly string[] {
  return a.length + b.length === 0 ? NO_TAGS : [...new Set([...a, ...b])].sort();
}
