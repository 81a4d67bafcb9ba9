/** The routing table: which patterns other clusters want, and by which way their events go there. */

import { isSystemTopic, patternMatches } from "../../node/mod.ts";
import type { Federation } from "../federation.ts";
import type { RemoteInterest, WantedPattern } from "../routing/interest/mod.ts";
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
  const wanted = wantedPatterns(federation.interest.remote).filter(({ pattern, cluster }) =>
    (destination === undefined || destination === cluster) &&
    (topic === undefined || (patternMatches(pattern, topic) && !isSystemTopic(topic)))
  );
  return wanted.map((row) => toRoute(federation, ways, row));
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

/** What was listed last, of each database: a large mesh has hundreds of thousands of rows, and most questions come in between changes. */
const listed = new WeakMap<RemoteInterest, { readonly version: number; readonly rows: readonly WantedPattern[] }>();

/** In order of pattern, then cluster. Patterns that several groups of a cluster want are one row. */
function wantedPatterns(remote: RemoteInterest): readonly WantedPattern[] {
  const known = listed.get(remote);
  if (known?.version === remote.version) return known.rows;
  const rows: WantedPattern[] = [];
  for (const row of remote.patterns()) {
    const last = rows.at(-1);
    if (last?.cluster !== row.cluster || last.pattern !== row.pattern) rows.push(row);
    else if (row.since < last.since) rows[rows.length - 1] = row;
  }
  rows.sort(byPattern);
  listed.set(remote, { version: remote.version, rows });
  return rows;
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

function byPattern(a: WantedPattern, b: WantedPattern): number {
  if (a.pattern !== b.pattern) return a.pattern < b.pattern ? -1 : 1;
  return a.cluster < b.cluster ? -1 : a.cluster > b.cluster ? 1 : 0;
}
