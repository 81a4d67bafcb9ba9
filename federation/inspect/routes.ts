/** The routing table: which patterns other clusters want, and by which way their events go there. */

import { isSystemTopic, patternMatches } from "../../node/mod.ts";
import type { Federation } from "../federation.ts";
import type { Lane } from "../link/codec/mod.ts";
import type { TrafficRule } from "../options.ts";
import type { RemoteInterest, WantedPattern } from "../routing/interest/mod.ts";
import type { RouteTable } from "../routing/paths/mod.ts";
import { isBestEffort, laneOf } from "../traffic.ts";

/** The way of some events to another cluster. */
interface WayOfLane {
  /** `null`: there is no way now. */
  readonly nextHop: string | null;
  /** Clusters that an event crosses, from this one to the destination; empty while there is no way. */
  readonly path: readonly string[];
  readonly cost: number | null;
  readonly state: "active" | "alternate" | "parked";
  /** Why this way, for people. */
  readonly reason: string;
  /** Next hop if the first fails. */
  readonly alternate: string | null;
}

/** The way to another cluster: of events of the topic that was asked for, else of those in lane `normal`. */
export interface RemoteWay extends WayOfLane {
  readonly destination: string;
  /** The cluster that said what it wants. */
  readonly origin: string;
  /** Lanes whose events go another way, since links with tags cost them more or less; left out where there is none. */
  readonly lanes?: readonly (WayOfLane & { readonly lane: Lane })[];
}

/** All patterns that lead to one cluster: they go the same way. */
export interface RemoteRoutes {
  readonly way: RemoteWay;
  /** In order of pattern, each once. Never changed: as long as nothing of it changes, it is the same list. */
  readonly patterns: readonly WantedPattern[];
}

/** Grows with each change of what `eachRoutes()` has. */
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

/**
 * The routes to one cluster after the other, by name; none where no pattern fits the topic. One takes some milliseconds at most; all of a large mesh may take a
 * second, so that the caller pauses in between. Throws `RangeError` where there is no link to cut.
 */
export function* eachRoutes(federation: Federation, query: RouteSelection = {}): Generator<RemoteRoutes> {
  const { topic, destination, cut } = query;
  const { topology, interest: { remote }, options: { traffic } } = federation;
  const waits = whatWaits(traffic, topic);
  const ways = cut === undefined ? topology.table : topology.table.simulateCut(...cut);
  const groups = topic === undefined ? topology.lanes.groups : [[laneOf(traffic, topic)]];
  if (topic !== undefined && isSystemTopic(topic)) return;
  for (const cluster of remote.clusters()) {
    if (destination !== undefined && destination !== cluster) continue;
    const patterns = patternsOf(remote, cluster);
    const fitting = topic === undefined ? patterns : patterns.filter(({ pattern }) => patternMatches(pattern, topic));
    yield { way: toWay(federation, cluster, { ways, groups, waits }), patterns: fitting };
  }
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

interface Listed {
  readonly version: number;
  readonly patterns: readonly WantedPattern[];
}

/** What was listed last, of each database and cluster: most questions come in between changes, and few clusters change. */
const listed = new WeakMap<RemoteInterest, Map<string, Listed>>();

function patternsOf(remote: RemoteInterest, cluster: string): readonly WantedPattern[] {
  const lists = listed.get(remote) ?? new Map<string, Listed>();
  listed.set(remote, lists);
  const version = remote.versionOf(cluster);
  const known = lists.get(cluster);
  if (known?.version === version) return known.patterns;
  const patterns = remote.patternsOf(cluster);
  lists.delete(cluster);
  lists.set(cluster, { version, patterns });
  if (lists.size > remote.clusters().length) lists.delete(lists.keys().next().value!); // of one that is gone, or is listed anew
  return patterns;
}

/** What becomes of events without a path: of one topic, or of all; a pattern may lead events of either class. */
function whatWaits(traffic: readonly TrafficRule[], topic: string | undefined): string {
  const dropped = "are dropped, for they are of the class best-effort";
  if (topic !== undefined && isBestEffort(traffic, topic)) return `its events of "${topic}" ${dropped}`;
  const waiting = "its events wait here until there is one";
  if (topic !== undefined || !traffic.some((rule) => rule.class === "best-effort")) return waiting;
  return `${waiting}; those of the class best-effort are dropped`;
}

interface Asked {
  readonly ways: RouteTable;
  /** Lanes that share their routes. The way of the first is shown, of the others only what differs. */
  readonly groups: readonly (readonly Lane[])[];
  /** What becomes of events without a path, for people. */
  readonly waits: string;
}

function toWay(
  federation: Federation,
  destination: string,
  { groups: [shown, ...rest], ...asked }: Asked,
): RemoteWay {
  const way = wayOfLane(federation, destination, { lane: shown[0], ...asked });
  const common = { destination, ...way, origin: destination };
  const lanes = rest.flatMap((group) => {
    const other = wayOfLane(federation, destination, { lane: group[0], ...asked });
    return other.path.join() === way.path.join() ? [] : group.map((lane) => ({ lane, ...other }));
  });
  if (lanes.length === 0) return common;
  const others = lanes.map(({ lane, nextHop }) => `${lane} ${nextHop === null ? "waits" : `goes over "${nextHop}"`}`);
  return { ...common, reason: `${way.reason}; ${others.join(", ")}`, lanes };
}

function wayOfLane(
  { topology: { lanes } }: Federation,
  destination: string,
  { ways, lane, waits }: Omit<Asked, "groups"> & { readonly lane: Lane },
): WayOfLane {
  const way = ways.routeTo(destination, lanes.of(lane));
  if (way === undefined) {
    const forbidden = ways.nextHop(destination) === undefined ? "" : ` that lane ${lane} may take`;
    const reason = `no path to "${destination}"${forbidden} (weft clusters says why): ${waits}`;
    return { nextHop: null, path: [], cost: null, state: "parked", reason, alternate: null };
  }
  const { nextHop, path, cost, state, reason, alternate } = way;
  return { nextHop, path, cost, state, reason, alternate: alternate?.nextHop ?? null };
}
