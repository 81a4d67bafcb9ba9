/**
 * The mesh of a running node: its federation over store, endpoint and network, and what is asked of other clusters for people.
 *
 * @module
 */

export { ArrivalGate } from "./arrival_gate.ts";
export { type ExplainedDestination, type ExplainedEvent, type ExplainedStop, explainEvent } from "./explain_event.ts";
export { federationMetrics } from "./federation_metrics.ts";
export { hearClusters } from "./hear_clusters.ts";
export { listMeshSubscriptions, type PlacedSubscription } from "./mesh_subscriptions.ts";
export { Notices } from "./notices.ts";
export { type RunningFederation, startFederation } from "./start_federation.ts";
export { type TracedCopy, type TracedEvent, traceEvent } from "./trace_event.ts";
