/**
 * Who wants what: told as records, matched against events, picked where a group has members in several clusters.
 *
 * `summarise()` and `encodeShards()` make of this cluster's wants what others are told; `parseShard()` and `RemoteInterest`
 * take what others told. `ReadyBarrier` and `EchoSender` are how a subscriber learns that everybody knows.
 *
 * @module
 */

export { EchoSender } from "./echo_sender.ts";
export { type GroupCandidate, pickCluster } from "./group_pick.ts";
export { encodeShards, parseShard } from "./interest_body.ts";
export { type PrefixWeight } from "./prefix_pruning.ts";
export { ReadyBarrier } from "./ready_barrier.ts";
export { type ExplainedWant, RemoteInterest, type WantedPattern } from "./remote_interest.ts";
export { summarise, type Summary } from "./summary.ts";
export { type ToldWant } from "./told_want.ts";
export { type FilterDefinition, filterStops, travellingFilter } from "./travelling_filter.ts";
export { type GroupWant, type Wanted } from "./wanted.ts";
