/** What a federation is built on, and what it tells. */

import type { CustodyLog } from "./custody_log.ts";
import type { DialBus } from "./link/link_bus.ts";
import type { LocalCluster } from "./local_cluster.ts";
import type { SealedRecord } from "./routing/records/mod.ts";
import type { World } from "./world.ts";

export interface FederationParts {
  readonly world: World;
  readonly log: CustodyLog;
  readonly local: LocalCluster;
  readonly dial: DialBus;
  /** Milliseconds since 1970: for people only, nothing is decided by it. */
  readonly wall: () => number;
  /** A neighbour can be dialled at this URL: worth remembering for a later run. */
  readonly onNeighbour?: (url: string) => void;
  /** Something that an operator should know; also what becomes a system event. */
  readonly onNotice: (notice: FederationNotice) => void;
  /** Many federations in one process may hold equal records of the mesh as one: answers the one that they share. */
  readonly share?: (sealed: SealedRecord) => SealedRecord;
  /** Something failed that nobody waits for. */
  readonly onError: (error: unknown) => void;
}

/** Stable codes. */
export interface FederationNotice {
  readonly code: string;
  readonly detail: string;
  readonly level: "info" | "warn";
  readonly peer?: string;
}
