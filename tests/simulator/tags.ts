/** Links with tags, and what events of some lanes pay for them: never so much that a cluster is out of their reach. */

import type { TagCost } from "../../federation/mod.ts";
import type { SimRandom } from "./sim_random.ts";
import type { Edge } from "./topologies.ts";

const LANES: readonly TagCost["lanes"][] = [undefined, ["bulk"], ["bulk", "normal"], ["high"]];

export function planTags(
  edges: readonly Edge[],
  random: SimRandom,
): { readonly edges: readonly Edge[]; readonly tagCosts: readonly TagCost[] } {
  const tree = spanningTree(edges);
  const tagged = edges.map((edge) => {
    const tags = [];
    if (random.chance(400)) tags.push("dear");
    if (!tree.has(edge) && random.chance(700)) tags.push("satellite");
    return tags.length === 0 ? edge : { ...edge, tags };
  });
  const tagCosts = [
    { tag: "dear", cost: random.pick([5, 100, 2000]), lanes: random.pick(LANES) },
    { tag: "satellite", cost: Infinity, lanes: random.pick(LANES) },
  ];
  return { edges: tagged, tagCosts };
}

/** Links that join all clusters, so that each can be reached without the others. */
function spanningTree(edges: readonly Edge[]): ReadonlySet<Edge> {
  const parts = new Map<string, Set<string>>();
  const partOf = (name: string): Set<string> => parts.get(name) ?? new Set([name]);
  const tree = new Set<Edge>();
  for (const edge of edges) {
    const [a, b] = [partOf(edge.from), partOf(edge.to)];
    if (a.has(edge.to)) continue;
    tree.add(edge);
    const joined = new Set([...a, ...b]);
    for (const name of joined) parts.set(name, joined);
  }
  return tree;
}
