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
  readonly arcs: Map<string, Arc>;
  /** The arcs by name of the peer, and the peers' numbers; `undefined`: to be sorted, to be looked up. */
  sorted: readonly Arc[] | undefined;
  targets: readonly number[] | undefined;
}

const NO_TAGS: readonly string[] = [];
const NO_REPORTS: ReadonlyMap<string, LinkReport> = new Map();

export class AgreedLinks {
  readonly #vertices = new Map<string, Vertex>();
  #names: readonly string[] | undefined;
  #ids: ReadonlyMap<string, number> = new Map();
  #adjacency: Adjacency | undefined;

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
    for (const peer of [...vertex.arcs.keys()]) this.#agree(vertex, peer);
    this.#vertices.delete(cluster);
    this.#renumber();
  }

  /** As of now; later changes do not touch it. */
  get adjacency(): Adjacency {
    return this.#adjacency ??= this.#write();
  }

  #add(name: string): Vertex {
    const vertex = { name, reports: NO_REPORTS, arcs: new Map(), sorted: undefined, targets: undefined };
    this.#vertices.set(name, vertex);
    this.#renumber();
    return vertex;
  }

  /** One of the two ends has said something: the link is there if both say so, and costs the larger of what they say. */
  #agree(vertex: Vertex, peer: string): void {
    const other = this.#vertices.get(peer);
    if (other === undefined || other === vertex) return;
    const here = vertex.reports.get(peer);
    const there = other.reports.get(vertex.name);
    if (here === undefined || there === undefined) {
      if (vertex.arcs.delete(peer)) this.#changed(vertex);
      if (other.arcs.delete(vertex.name)) this.#changed(other);
      return;
    }
    const cost = toCost(here.cost, there.cost);
    const tags = unite(here.tags, there.tags);
    const known = vertex.arcs.get(peer);
    if (known !== undefined && known.cost === cost && known.tags.join() === tags.join()) return;
    vertex.arcs.set(peer, { peer, cost, tags });
    other.arcs.set(vertex.name, { peer: vertex.name, cost, tags });
    this.#changed(vertex);
    this.#changed(other);
  }

  #changed(vertex: Vertex): void {
    vertex.sorted = vertex.targets = undefined;
    this.#adjacency = undefined;
  }

  #renumber(): void {
    this.#names = this.#adjacency = undefined;
  }

  #write(): Adjacency {
    if (this.#names === undefined) {
      this.#names = [...this.#vertices.keys()].sort();
      this.#ids = new Map(this.#names.map((name, id) => [name, id]));
      for (const vertex of this.#vertices.values()) vertex.targets = undefined;
    }
    const names = this.#names;
    const ids = this.#ids;
    const offsets = new Uint32Array(names.length + 1);
    const targets: number[] = [];
    const costs: number[] = [];
    const tags: (readonly string[])[] = [];
    for (let id = 0; id < names.length; id++) {
      const vertex = this.#vertices.get(names[id])!;
      const arcs = vertex.sorted ??= [...vertex.arcs.values()].sort((a, b) => a.peer < b.peer ? -1 : 1);
      const ends = vertex.targets ??= arcs.map(({ peer }) => ids.get(peer)!);
      for (let i = 0; i < arcs.length; i++) {
        targets.push(ends[i]);
        costs.push(arcs[i].cost);
        tags.push(arcs[i].tags);
      }
      offsets[id + 1] = targets.length;
    }
    return { names, ids, offsets, targets: Uint16Array.from(targets), costs: Uint16Array.from(costs), tags };
  }
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
