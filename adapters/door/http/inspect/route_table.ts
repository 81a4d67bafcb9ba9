/** The routing table: which patterns are wanted, where, and by which path. */

import { listRoutes, type RemoteRoute, type RouteSelection, routesVersion } from "../../../../federation/mod.ts";
import { isSystemTopic, patternMatches } from "../../../../node/mod.ts";
import type { DoorContext } from "../door_context.ts";

/** A route to this cluster's own subscribers. */
interface LocalRoute {
  readonly pattern: string;
  readonly destination: string;
  readonly nextHop: null;
  readonly path: readonly string[];
  readonly cost: 0;
  readonly state: "local";
  /** Since the pattern is wanted here. */
  readonly ageMs: number;
  readonly origin: string;
  readonly reason: "LOCAL_SUBSCRIBER";
  readonly alternate: null;
}

/** A line of the table. */
export type RouteEntry = LocalRoute | RemoteRoute;

export interface RouteTable {
  /** Grows with each change. */
  readonly version: number;
  /** In order of pattern, then destination. */
  readonly routes: readonly RouteEntry[];
}

type Context = Pick<DoorContext, "node" | "clock" | "federation">;

/** The version that the table has now, without making it. */
export function versionOf({ node, federation }: Context): number {
  return node.dispatcher.interest.version + (federation === undefined ? 0 : routesVersion(federation));
}

/** The table as it is now, or as it would be. */
export function readRouteTable(context: Context, query: RouteSelection): RouteTable {
  const { federation } = context;
  const remote = federation === undefined ? [] : listRoutes(federation, query);
  const local = listLocal(context, query);
  const routes = local.length === 0 ? remote : [...local, ...remote].sort(byKey);
  return { version: versionOf(context), routes };
}

/** A route's place in the table, for pages: patterns have no spaces. */
export function routeKey({ pattern, destination }: RouteEntry): string {
  return `${pattern} ${destination}`;
}

function listLocal({ node, clock }: Context, { topic, destination }: RouteSelection): LocalRoute[] {
  const { cluster, dispatcher: { interest } } = node;
  const now = clock.now();
  const wanted = destination === undefined || destination === cluster ? interest.list() : [];
  return wanted
    .filter(({ pattern }) => topic === undefined || takes(pattern, topic))
    .map(({ pattern, since }) => ({
      pattern,
      destination: cluster,
      nextHop: null,
      path: [cluster],
      cost: 0,
      state: "local",
      ageMs: Math.max(0, Math.round(now - since)),
      origin: cluster,
      reason: "LOCAL_SUBSCRIBER",
      alternate: null,
    }));
}

/** A pattern that begins with a wildcard does not take the node's own topics. */
function takes(pattern: string, topic: string): boolean {
  return patternMatches(pattern, topic) && (!isSystemTopic(topic) || isSystemTopic(pattern));
}

/** The order of `routeKey()`: no character of a pattern is less than the space. */
function byKey(a: RouteEntry, b: RouteEntry): number {
  if (a.pattern !== b.pattern) return a.pattern < b.pattern ? -1 : 1;
  return a.destination < b.destination ? -1 : a.destination > b.destination ? 1 : 0;
}
