/** The clusters that this one knows of, itself among them, and the way to each. */

import type { Federation } from "../federation.ts";
import { TOPOLOGY_LIFETIME_MS } from "../options.ts";
import { EVENT_LANES } from "../traffic.ts";
import { parkedFor, type ParkedView } from "./parked.ts";
import { whyUnreachable } from "./why_unreachable.ts";

export interface KnownCluster {
  readonly cluster: string;
  readonly reachable: boolean;
  /** Of events in lane `normal`, from this cluster on; empty while there is no way. */
  readonly path: readonly string[];
  readonly cost: number | null;
  readonly nextHop: string | null;
  readonly alternate: string | null;
  /** Version of what it wants, as far as it is known here; 0: nothing is. */
  readonly interestVersion: number;
  /** How long ago it last said something that came here; `null`: never. */
  readonly lastSeenMs: number | null;
  /** Where the way to it broke, or why events of a lane have none, for people; `null`: it can be reached. */
  readonly why: string | null;
  /** What is parked here for it; `null`: nothing. */
  readonly parked: ParkedView | null;
}

/** Whoever is linked, told something, is wanted for something, or is owed something, by name. */
export function knownClusters({ self, topology, interest, links, custody }: Federation): string[] {
  const names = [
    self,
    ...topology.states.keys(),
    ...topology.table.reachable(),
    ...interest.remote.clusters(),
    ...links.neighbours.keys(),
    ...[...custody.parked].filter(([, queue]) => queue.first !== undefined).map(([cluster]) => cluster),
  ];
  return [...new Set(names)].sort();
}

export function knownCluster(federation: Federation, cluster: string): KnownCluster {
  const { self, topology, records } = federation;
  const interestVersion = records.versionOf(cluster, "interest");
  if (cluster === self) {
    const own = { path: [self], cost: 0, nextHop: null, alternate: null, lastSeenMs: 0, why: null, parked: null };
    return { cluster, reachable: true, ...own, interestVersion };
  }
  const way = topology.routesOf("normal").routeTo(cluster);
  return {
    cluster,
    reachable: topology.table.nextHop(cluster) !== undefined,
    path: way?.path ?? [],
    cost: way?.cost ?? null,
    nextHop: way?.nextHop ?? null,
    alternate: way?.alternate?.nextHop ?? null,
    interestVersion,
    lastSeenMs: lastSeenMs(federation, cluster),
    why: whyAnyLaneWaits(federation, cluster),
    parked: parkedFor(federation, cluster),
  };
}

function whyAnyLaneWaits(federation: Federation, cluster: string): string | null {
  for (const lane of EVENT_LANES) {
    const why = whyUnreachable(federation, cluster, lane);
    if (why !== null) return why;
  }
  return null;
}

/** A neighbour is heard all the time; of others there is what they say of themselves now and then, and answer when asked. */
function lastSeenMs({ links, records, relay, world }: Federation, cluster: string): number | null {
  const record = records.get({ origin: cluster, kind: "topology", shard: 0 });
  const ages = record === undefined ? [] : [Math.max(0, TOPOLOGY_LIFETIME_MS - record.lifetimeMs)];
  for (const heardAt of [links.neighbours.get(cluster)?.heardAt, relay.heardAt(cluster)]) {
    if (heardAt !== undefined) ages.push(world.now() - heardAt);
  }
  return ages.length === 0 ? null : Math.round(Math.min(...ages));
}
