/**
 * Who wants what: told as records, matched against events, picked where a group has members in several clusters.
 *
 * @module
 */

export { EchoSender } from "./echo_sender.ts";
export { filterStops } from "./filter_stops.ts";
export { type GroupCandidate, pickCluster } from "./group_pick.ts";
export { encodeShards, parseShard } from "./interest_body.ts";
export { ReadyBarrier } from "./ready_barrier.ts";
export { type ExplainedWant, type GroupWant, RemoteInterest, type Wanted } from "./remote_interest.ts";
export { summarise, type Summary } from "./summary.ts";
