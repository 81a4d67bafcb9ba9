/**
 * Many nodes, one mesh: routing, links and custody as state machines that touch nothing of the outside themselves.
 * Federation reads a node's log to send and writes it to receive.
 *
 * @module
 */

export { type CustodyLog } from "./custody_log.ts";
export { Federation } from "./federation.ts";
export { type FederationNotice, type FederationParts } from "./parts.ts";
export * from "./inspect/mod.ts";
export { type BusMessage, type DialBus, type DialFailure, type LinkBus } from "./link/link_bus.ts";
export { sayFarewell } from "./membership/farewell.ts";
export { type Arrival, type LocalCluster, type TravellingFilter, type Verdict, type Want } from "./local_cluster.ts";
export {
  type FederationOptions,
  type LinkSetting,
  PARK_BUDGET_SHARE,
  type TagCost,
  type TrafficClass,
  type TrafficRule,
} from "./options.ts";
export { type Registry, type RegistryCapabilities, type RegistryEntry } from "./registry.ts";
export { travellingFilter } from "./routing/interest/mod.ts";
export { type SealedRecord } from "./routing/records/mod.ts";
export { type World } from "./world.ts";
