/** The routing table: which patterns are wanted, where, and by which path. */

import { isSystemTopic, patternMatches } from "../../../../node/mod.ts";
import type { DoorContext } from "../door_context.ts";

/** A line of the table. */
export interface RouteEntry {
  readonly pattern: string;
  /** The cluster that wants it. */
  readonly destination: string;
  /** `null`: it is this cluster. */
  readonly nextHop: string | null;
  /** Clusters that an event crosses, from this one to the destination. */
  readonly path: readonly string[];
  readonly cost: number;
  readonly state: "local" | "active" | "alternate" | "parked";
  /** Since the pattern is wanted there. */
  readonly ageMs: number;
  /** The cluster that said so. */
  readonly origin: string;
  /** Why this way; a stable code. */
  readonly reason: string;
  readonly alternate: string | null;
}

export interface RouteQuery {
  /** Only routes that an event of this topic takes. */
  readonly topic?: string;
  readonly destination?: string;
}

export interface RouteTable {
  /** Grows with each change. */
  readonly version: number;
  /** In order of pattern. */
  readonly routes: readonly RouteEntry[];
}

/** The table as it is now. `query.topic` must be valid. */
export function readRouteTable({ node, clock }: Pick<DoorContext, "node" | "clock">, query: RouteQuery): RouteTable {
  const { cluster, dispatcher: { interest } } = node;
  const now = clock.now();
  const { topic, destination } = query;
  const wanted = destination === undefined || destination === cluster ? interest.list() : [];
  const routes = wanted
    .filter(({ pattern }) => topic === undefined || takes(pattern, topic))
    .sort((a, b) => a.pattern < b.pattern ? -1 : a.pattern > b.pattern ? 1 : 0)
    .map(({ pattern, since }): RouteEntry => ({
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
  return { version: interest.version, routes };
}

/** A route's place in the table, for pages: patterns have no spaces. */
export function routeKey({ pattern, destination }: RouteEntry): string {
  return `${pattern} ${destination}`;
}

/** A pattern that begins with a wildcard does not take the node's own topics. */
function takes(pattern: string, topic: string): boolean {
  return patternMatches(pattern, topic) && (!isSystemTopic(topic) || isSystemTopic(pattern));
}
