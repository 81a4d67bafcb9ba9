/** The routing table: which patterns other clusters want, and by which way their events go there. */

import { isSystemTopic, patternMatches } from "../../node/mod.ts";
import type { Federation } from "../federation.ts";
import type { WantedPattern } from "../routing/interest/mod.ts";
import type { RouteTable } from "../routing/paths/mod.ts";

/** A pattern that leads to another cluster. */
export interface RemoteRoute {
  readonly pattern: string;
  readonly destination: string;
  /** `null`: there is no way now. */
  readonly nextHop: string | null;
  /** Clusters that an event crosses, from this one to the destination; empty while there is no way. */
  readonly path: readonly string[];
  readonly cost: number | null;
  readonly state: "active" | "alternate" | "parked";
  /** Since the pattern is known to be wanted there. */
  readonly ageMs: number;
  /** The cluster that said so. */
  readonly origin: string;
  /** Why this way, for people. */
  readonly reason: string;
  /** Next hop if the first fails. */
  readonly alternate: string | null;
}

/** Grows with each change of what `listRoutes()` answers, ages apart. */
export function routesVersion({ topology, interest }: Federation): number {
  return topology.table.version + interest.remote.version;
}

/** Which routes. */
export interface RouteSelection {
  /** Only routes that an event of this topic takes; a valid one. */
  readonly topic?: string;
  readonly destination?: string;
  /** As they would be without the link between these two clusters. */
  readonly cut?: readonly [string, string];
}

/** In order of pattern, then destination. Throws `RangeError` where there is no link to cut. */
export function listRoutes(
  federation: Federation,
  query: RouteSelection = {},
): RemoteRoute[] {
  const { topic, destination, cut } = query;
  const { table } = federation.topology;
  const ways = cut === undefined ? table : table.simulateCut(...cut);
  const wanted = federation.interest.remote.patterns().filter(({ pattern, cluster }) =>
    (destination === undefined || destination === cluster) &&
    (topic === undefined || (patternMatches(pattern, topic) && !isSystemTopic(topic)))
  );
  return mergeGroups(wanted).map((row) => toRoute(federation, ways, row)).sort(byPattern);
}

/** Whether the routes know a link between two clusters. */
export function areLinked({ topology }: Federation, a: string, b: string): boolean {
  try {
    topology.table.simulateCut(a, b);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Patterns that several groups of a cluster want are one route. */
function mergeGroups(wanted: readonly WantedPattern[]): WantedPattern[] {
  const rows = new Map<string, WantedPattern>();
  for (const row of wanted) {
    const key = `${row.pattern} ${row.cluster}`;
    const known = rows.get(key);
    if (known === undefined || row.since < known.since) rows.set(key, row);
  }
  return [...rows.values()];
}

function toRoute({ world }: Federation, ways: RouteTable, { cluster, pattern, since }: WantedPattern): RemoteRoute {
  const way = ways.routeTo(cluster);
  const ageMs = Math.max(0, Math.round(world.now() - since));
  const common = { pattern, destination: cluster, ageMs, origin: cluster };
  if (way === undefined) {
    const reason = `no path to "${cluster}": its events wait here until there is one`;
    return { ...common, nextHop: null, path: [], cost: null, state: "parked", reason, alternate: null };
  }
  const { nextHop, path, cost, state, reason, alternate } = way;
  return { ...common, nextHop, path, cost, state, reason, alternate: alternate?.nextHop ?? null };
}

function byPattern(a: RemoteRoute, b: RemoteRoute): number {
  if (a.pattern !== b.pattern) return a.pattern < b.pattern ? -1 : 1;
  return a.destination < b.destination ? -1 : a.destination > b.destination ? 1 : 0;
}
