/**
 * The mesh as a graph: what clusters say of their links, the shortest paths that every cluster finds alike, and the
 * loop-free alternates that take over when a link goes down.
 *
 * @module
 */

export { LINK_COST_MAX } from "./adjacency.ts";
export { uniteTags } from "./agreed_links.ts";
export { Damping } from "./damping.ts";
export { CLUSTERS_MAX, Graph } from "./graph.ts";
export { LinkCost } from "./link_cost.ts";
export {
  encodeLinkState,
  type LinkReport,
  LINKS_MAX,
  type LinkState,
  type NodeState,
  parseLinkState,
  type Speaker,
} from "./link_state.ts";
export { type Route, type Way } from "./route.ts";
export { LATENCY, type RouteClass } from "./route_class.ts";
export { RouteTable } from "./route_table.ts";
