/**
 * What people see of the mesh: views of a running federation, made of the very state and functions that it decides by.
 *
 * @module
 */

export { type BestEffortLedger, bestEffortLedger, type DropCounts, NO_BEST_EFFORT } from "./best_effort.ts";
export { type KnownCluster, knownCluster, knownClusters } from "./clusters.ts";
export {
  explainMesh,
  type MeshDestination,
  type MeshExplanation,
  type MeshReason,
  type MeshStop,
  type MeshWarning,
} from "./explain.ts";
export { type ClusterConflict, type ClusterInterest, eachInterest } from "./interest.ts";
export { ledgerEntries, recountLedger, unbalancedPairs } from "./ledger.ts";
export { type LaneView, type LinkView, listLinks } from "./links.ts";
export { parkedFor, type ParkedView } from "./parked.ts";
export { type KnownPeer, listPeers } from "./peers.ts";
export {
  areLinked,
  eachRoutes,
  type RemoteRoutes,
  type RemoteWay,
  type RouteSelection,
  routesVersion,
} from "./routes.ts";
export { type EventIdentity, type TraceDestination, type TraceHere, traceHere, type TraceHop } from "./trace.ts";
