/** The nodes that this one knows of, itself among them. */

import type { Federation } from "../federation.ts";
import type { NodeState } from "../routing/paths/mod.ts";

export interface KnownPeer {
  readonly id: string;
  readonly cluster: string;
  /**
   * `left`: it was stopped as planned, and said so. `suspect`: there has been no way to its cluster for less than half a
   * minute; `dead`: for longer, or never.
   */
  readonly state: "alive" | "left" | "suspect" | "dead";
  readonly runtime: string;
  readonly version: string;
  /** Where it can be dialled, if it said so. */
  readonly address: string | null;
  readonly http: string | null;
  /** How long the state has held, ms; `null`: not known. */
  readonly sinceMs: number | null;
}

/** A node that is gone for longer than this is no longer suspected of coming back at once. */
const SUSPECT_MS = 30_000;

/** In order of cluster and id. */
export function listPeers(federation: Federation): KnownPeer[] {
  const states = [...federation.topology.states].sort(([a], [b]) => a < b ? -1 : 1);
  return states.flatMap(([cluster, { nodes }]) => (nodes ?? []).map((node) => toPeer(federation, cluster, node)));
}

function toPeer(federation: Federation, cluster: string, node: NodeState): KnownPeer {
  const { self, presence, startedAt, world, topology } = federation;
  const { id, runtime, version, nats, http } = node;
  const sighting = cluster === self ? { reachable: true, since: startedAt } : presence.sighting(cluster);
  const sinceMs = sighting === undefined ? null : Math.round(world.now() - sighting.since);
  const gone = topology.hasLeft(cluster) ? "left" : sinceMs !== null && sinceMs < SUSPECT_MS ? "suspect" : "dead";
  return {
    id,
    cluster,
    state: sighting?.reachable ? "alive" : gone,
    runtime,
    version,
    address: nats ?? null,
    http: http ?? null,
    sinceMs,
  };
}
