/** Shortest paths (Dijkstra 1959) over integer costs; of equal ones the one with fewer hops, then the smaller names. */

/** Vertices are numbers in the order of their names; edges lie one vertex after the other. */
export interface IndexedGraph {
  readonly names: readonly string[];
  /** Edges of vertex v: `edges` from `starts[v]` to `starts[v + 1]`. */
  readonly starts: Uint32Array;
  readonly targets: Uint32Array;
  readonly costs: Uint32Array;
}

export interface PathTree {
  /** Cost from the source; `UNREACHED` where there is no path. */
  readonly distances: Float64Array;
  readonly hops: Uint32Array;
  /** The vertex before on the path; of the source itself. */
  readonly before: Int32Array;
}

export const UNREACHED = Infinity;

/** `excluded[v] === 1`: no path leads through or to v. */
export function shortestPaths(graph: IndexedGraph, source: number, excluded?: Uint8Array): PathTree {
  const size = graph.names.length;
  const distances = new Float64Array(size).fill(UNREACHED);
  const hops = new Uint32Array(size);
  const before = new Int32Array(size).fill(-1);
  const done = new Uint8Array(size);
  const heap = new VertexHeap(distances, hops);
  distances[source] = 0;
  heap.push(source);
  for (let vertex = heap.pop(); vertex >= 0; vertex = heap.pop()) {
    if (done[vertex] === 1) continue;
    done[vertex] = 1;
    for (let edge = graph.starts[vertex]; edge < graph.starts[vertex + 1]; edge++) {
      const to = graph.targets[edge];
      if (done[to] === 1 || excluded?.[to] === 1) continue;
      const distance = distances[vertex] + graph.costs[edge];
      if (!isBetter(distance, hops[vertex] + 1, vertex, { distances, hops, before }, to)) continue;
      distances[to] = distance;
      hops[to] = hops[vertex] + 1;
      before[to] = vertex;
      heap.push(to);
    }
  }
  return { distances, hops, before };
}

function isBetter(distance: number, hops: number, via: number, tree: PathTree, to: number): boolean {
  if (distance !== tree.distances[to]) return distance < tree.distances[to];
  if (hops !== tree.hops[to]) return hops < tree.hops[to];
  return via < tree.before[to];
}

/** The vertices from the source to a target, both included. */
export function pathTo(tree: PathTree, target: number): number[] {
  const path: number[] = [];
  for (let vertex = target; vertex >= 0; vertex = tree.before[vertex]) path.unshift(vertex);
  return path;
}

/** Vertices by (distance, hops, number); one may be in it several times, the first to come out is the right one. */
class VertexHeap {
  readonly #items: number[] = [];
  readonly #keys: number[] = [];
  readonly #distances: Float64Array;
  readonly #hops: Uint32Array;

  constructor(distances: Float64Array, hops: Uint32Array) {
    this.#distances = distances;
    this.#hops = hops;
  }

  push(vertex: number): void {
    const items = this.#items;
    const keys = this.#keys;
    const key = this.#distances[vertex];
    let at = items.length;
    items.push(vertex);
    keys.push(key);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(key, vertex, keys[parent], items[parent])) break;
      items[at] = items[parent];
      keys[at] = keys[parent];
      at = parent;
    }
    items[at] = vertex;
    keys[at] = key;
  }

  /** −1 when empty. */
  pop(): number {
    const items = this.#items;
    const keys = this.#keys;
    if (items.length === 0) return -1;
    const first = items[0];
    const vertex = items.pop()!;
    const key = keys.pop()!;
    if (items.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#isBefore(keys[child + 1], items[child + 1], keys[child], items[child])) {
        child++;
      }
      if (!this.#isBefore(keys[child], items[child], key, vertex)) break;
      items[at] = items[child];
      keys[at] = keys[child];
      at = child;
    }
    items[at] = vertex;
    keys[at] = key;
    return first;
  }

  #isBefore(keyA: number, a: number, keyB: number, b: number): boolean {
    if (keyA !== keyB) return keyA < keyB;
    return this.#hops[a] !== this.#hops[b] ? this.#hops[a] < this.#hops[b] : a < b;
  }
}
