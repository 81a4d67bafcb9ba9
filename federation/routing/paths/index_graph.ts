/** A graph as arrays, for computing. */

import type { Graph } from "./graph.ts";
import type { IndexedGraph } from "./shortest_path.ts";

/** `self` is in it also when nothing is known of it. */
export function indexGraph(graph: Graph, self: string): IndexedGraph {
  const names = [...new Set([...graph.clusters, self])].sort();
  const numbers = new Map(names.map((name, number) => [name, number]));
  const starts = new Uint32Array(names.length + 1);
  const targets: number[] = [];
  const costs: number[] = [];
  for (const [number, name] of names.entries()) {
    for (const { to, cost } of graph.edgesOf(name)) {
      targets.push(numbers.get(to)!);
      costs.push(cost);
    }
    starts[number + 1] = targets.length;
  }
  return { names, starts, targets: Uint32Array.from(targets), costs: Uint32Array.from(costs) };
}
