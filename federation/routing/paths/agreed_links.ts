/**
 * The links on which both ends agree, kept as clusters say something new: a change costs what the links of one cluster
 * do, and the arrays that routes are computed on are written anew only when a link or a cluster has changed.
 */

import { type Adjacency, LINK_COST_MAX } from "./adjacency.ts";
import type { LinkReport, LinkState } from "./link_state.ts";

interface Vertex {
  readonly name: string;
  /** What it says of links that are up, by name of the peer. */
  reports: Reports;
  /** Its links are not those that were written last. */
  changed: boolean;
  /** Its number in what was written last; `NONE`: it was not there. */
  id: number;
}

const NONE = -1;

type Reports = ReadonlyMap<string, LinkReport>;

const NO_TAGS: readonly string[] = [];
const NO_REPORTS: Reports = new Map();

export class AgreedLinks {
  readonly #vertices = new Map<string, Vertex>();
  /** By number in what was written last. */
  #ordered: readonly Vertex[] = [];
  /** Clusters that came since. */
  #came: Vertex[] = [];
  #hasGone = false;
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
    this.#say(this.#vertices.get(cluster) ?? this.#add(cluster), usableReports(state));
  }

  /** Forgets a cluster, and with it both directions of its links. */
  remove(cluster: string): void {
    const vertex = this.#vertices.get(cluster);
    if (vertex === undefined) return;
    this.#say(vertex, NO_REPORTS);
    this.#vertices.delete(cluster);
    this.#hasGone = true;
    this.#isCurrent = false;
  }

  /** As of now; later changes do not touch it. */
  get adjacency(): Adjacency {
    if (!this.#isCurrent || this.#written === undefined) this.#written = this.#write();
    this.#isCurrent = true;
    return this.#written;
  }

  #add(name: string): Vertex {
    const vertex: Vertex = { name, reports: NO_REPORTS, changed: true, id: NONE };
    this.#vertices.set(name, vertex);
    this.#came.push(vertex);
    this.#isCurrent = false;
    return vertex;
  }

  #say(vertex: Vertex, reports: Reports): void {
    const before = vertex.reports;
    vertex.reports = reports;
    for (const [peer, report] of before) this.#compare(vertex, peer, report);
    for (const peer of reports.keys()) if (!before.has(peer)) this.#compare(vertex, peer, undefined);
  }

  /** Whether what one end says now makes another link than `before`, which it said until now. */
  #compare(vertex: Vertex, peer: string, before: LinkReport | undefined): void {
    const other = this.#vertices.get(peer);
    const there = other?.reports.get(vertex.name);
    const here = vertex.reports.get(peer);
    if (other === undefined || other === vertex || there === undefined || isSameLink(before, here, there)) return;
    vertex.changed = other.changed = true;
    this.#isCurrent = false;
  }

  #write(): Adjacency {
    const before = this.#written;
    const isNumbered = before !== undefined && !this.#hasGone && this.#came.length === 0;
    const ordered = isNumbered ? this.#ordered : this.#number();
    const names = isNumbered ? before.names : ordered.map(({ name }) => name);
    const ids = isNumbered ? before.ids : new Map(names.map((name, id) => [name, id]));
    const renumbered = isNumbered ? undefined : toNewNumbers(ordered, before?.names.length ?? 0);
    const arcs = new ArcsWriter(ordered.reduce((sum, { reports }) => sum + reports.size, 0));
    const offsets = new Uint32Array(names.length + 1);
    for (let id = 0; id < ordered.length; id++) {
      const vertex = ordered[id];
      if (before === undefined || vertex.changed) this.#writeLinks(vertex, arcs, { ids, ordered });
      else arcs.copy(before, vertex.id, renumbered);
      vertex.changed = false;
      vertex.id = id;
      offsets[id + 1] = arcs.length;
    }
    this.#ordered = ordered;
    return { names, ids, offsets, ...arcs.finish() };
  }

  /** Those that stayed and those that came, by name. */
  #number(): Vertex[] {
    const stayed = this.#hasGone ? this.#ordered.filter((one) => this.#vertices.get(one.name) === one) : this.#ordered;
    const came = this.#came.filter((one) => this.#vertices.get(one.name) === one).sort(byName);
    this.#came = [];
    this.#hasGone = false;
    const merged: Vertex[] = [];
    for (let i = 0, j = 0; i < stayed.length || j < came.length;) {
      const isNext = j === came.length || (i < stayed.length && stayed[i].name < came[j].name);
      merged.push(isNext ? stayed[i++] : came[j++]);
    }
    return merged;
  }

  /** The links on which both ends agree, by name of the peer. */
  #writeLinks(
    { name, reports }: Vertex,
    arcs: ArcsWriter,
    { ids, ordered }: { readonly ids: ReadonlyMap<string, number>; readonly ordered: readonly Vertex[] },
  ): void {
    for (const [peer, here] of reports) {
      const target = peer === name ? undefined : ids.get(peer);
      const there = target === undefined ? undefined : ordered[target].reports.get(name);
      if (there !== undefined) arcs.add(target!, toCost(here, there), uniteTags(here.tags, there.tags));
    }
  }
}

/** The arrays of arcs, filled from the first on. */
class ArcsWriter {
  readonly #targets: Uint16Array;
  readonly #costs: Uint16Array;
  readonly #tags: (readonly string[])[];
  length = 0;

  constructor(lengthMax: number) {
    this.#targets = new Uint16Array(lengthMax);
    this.#costs = new Uint16Array(lengthMax);
    this.#tags = new Array(lengthMax);
  }

  add(target: number, cost: number, tags: readonly string[]): void {
    this.#targets[this.length] = target;
    this.#costs[this.length] = cost;
    this.#tags[this.length++] = tags;
  }

  /** The arcs of a vertex; `renumbered`: new numbers by old ones, where they changed. */
  copy({ offsets, targets, costs, tags }: Adjacency, vertex: number, renumbered: Uint16Array | undefined): void {
    for (let arc = offsets[vertex], end = offsets[vertex + 1]; arc < end; arc++) {
      this.add(renumbered === undefined ? targets[arc] : renumbered[targets[arc]], costs[arc], tags[arc]);
    }
  }

  finish(): Pick<Adjacency, "targets" | "costs" | "tags"> {
    this.#tags.length = this.length;
    return { targets: this.#targets.slice(0, this.length), costs: this.#costs.slice(0, this.length), tags: this.#tags };
  }
}

function byName(a: Vertex, b: Vertex): number {
  return a.name < b.name ? -1 : 1;
}

/** New numbers by old ones. Of those that are gone nobody asks: whoever had a link with them has changed. */
function toNewNumbers(ordered: readonly Vertex[], countBefore: number): Uint16Array {
  const numbers = new Uint16Array(countBefore);
  ordered.forEach(({ id: before }, id) => {
    if (before !== NONE) numbers[before] = id;
  });
  return numbers;
}

/** Of states that somebody still holds: databases in one process may share them. */
const usable = new WeakMap<LinkState, Reports>();

/** What is said of links that are up, by name; of several with one peer the cheapest counts, of those the first. */
function usableReports(state: LinkState): Reports {
  const known = usable.get(state);
  if (known !== undefined) return known;
  const reports = new Map<string, LinkReport>();
  for (const report of state.links) {
    const other = reports.get(report.peer);
    if (report.up && (other === undefined || report.cost < other.cost)) reports.set(report.peer, report);
  }
  const sorted: Reports = new Map([...reports].sort(([a], [b]) => a < b ? -1 : 1));
  usable.set(state, sorted);
  return sorted;
}

/** Whether two words of one end make the same link with what the other end says. */
function isSameLink(a: LinkReport | undefined, b: LinkReport | undefined, there: LinkReport): boolean {
  if (a === undefined || b === undefined) return a === b;
  return toCost(a, there) === toCost(b, there) &&
    uniteTags(a.tags, there.tags).join() === uniteTags(b.tags, there.tags).join();
}

/** Of what both ends say the larger, so that both directions agree. */
function toCost(here: LinkReport, there: LinkReport): number {
  return Math.min(Math.max(here.cost, there.cost, 1), LINK_COST_MAX);
}

/** The tags that either end gave a link, sorted. */
export function uniteTags(a: readonly string[] = NO_TAGS, b: readonly string[] = NO_TAGS): readonly string[] {
  return a.length + b.length === 0 ? NO_TAGS : [...new Set([...a, ...b])].sort();
}
