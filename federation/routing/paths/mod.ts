/**
 * The mesh as a graph, the shortest paths in it, and the loop-free alternates beside them.
 *
 * @module
 */

export { Damping } from "./damping.ts";
export { Graph } from "./graph.ts";
export { LinkCost } from "./link_cost.ts";
export { encodeLinkState, type LinkReport, type LinkState, type NodeState, parseLinkState } from "./link_state.ts";
export { type Route, RouteTable, type Way } from "./route_table.ts";
