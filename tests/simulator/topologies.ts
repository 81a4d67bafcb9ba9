/** Shapes of meshes: which clusters are neighbours, and which of the two dials. */

import type { SimRandom } from "./sim_random.ts";

export const TOPOLOGIES = ["line", "ring", "hub", "full", "two rings", "tree", "random"] as const;
export type TopologyName = typeof TOPOLOGIES[number];

export interface Edge {
  readonly from: string;
  readonly to: string;
  /** Over a broker of their own that both dial; else `from` dials `to`, and with `both` the other way as well. */
  readonly how: "one" | "both" | "rendezvous";
  /** What whoever dials says of the link. */
  readonly tags?: readonly string[];
}

export function planEdges(topology: TopologyName, names: readonly string[], random: SimRandom): Edge[] {
  const pairs = pairsOf(topology, names.length, random);
  const kinds = new Set<string>();
  return pairs.flatMap(([a, b]): Edge[] => {
    const key = a < b ? `${a} ${b}` : `${b} ${a}`;
    if (a === b || kinds.has(key)) return [];
    kinds.add(key);
    const [from, to] = random.chance(500) ? [a, b] : [b, a];
    const how = random.chance(150) ? "both" : random.chance(100) ? "rendezvous" : "one";
    return [{ from: names[from], to: names[to], how }];
  });
}

type Pair = readonly [number, number];

function pairsOf(topology: TopologyName, count: number, random: SimRandom): Pair[] {
  const line = range(1, count).map((i): Pair => [i - 1, i]);
  switch (topology) {
    case "line":
      return line;
    case "ring":
      return [...line, [count - 1, 0]];
    case "hub":
      return range(1, count).map((i) => [0, i]);
    case "full":
      return range(0, count).flatMap((i) => range(i + 1, count).map((j): Pair => [i, j]));
    case "two rings": {
      const middle = Math.max(1, count >> 1);
      return [...line, [middle, 0], [count - 1, middle]];
    }
    case "tree":
      return range(1, count).map((i) => [random.below(i), i]);
    case "random": {
      const tree = range(1, count).map((i): Pair => [random.below(i), i]);
      return [...tree, ...range(0, count).map((): Pair => [random.below(count), random.below(count)])];
    }
  }
  throw topology satisfies never;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}
