/** The routing table: which patterns are wanted, where, and by which path. A large one is read in steps. */

import { eachRoutes, type RemoteWay, type RouteSelection, routesVersion } from "../../../../federation/mod.ts";
import { firstIndex, isSystemTopic, patternMatches } from "../../../../node/mod.ts";
import type { DoorContext } from "../door_context.ts";
import { nextTurn } from "../request/mod.ts";
import { mergeSorted, sortInSteps } from "./sorted_lists.ts";

/** The way to this cluster's own subscribers. */
interface LocalWay {
  readonly destination: string;
  readonly nextHop: null;
  readonly path: readonly string[];
  readonly cost: 0;
  readonly state: "local";
  readonly origin: string;
  readonly reason: "LOCAL_SUBSCRIBER";
  readonly alternate: null;
  readonly lanes?: undefined;
}

/** A line of the table. */
export type RouteEntry = (LocalWay | RemoteWay) & {
  readonly pattern: string;
  /** Since the pattern is known to be wanted there. */
  readonly ageMs: number;
};

interface WantedPattern {
  readonly pattern: string;
  /** Reading of the monotonic clock, ms. */
  readonly since: number;
}

/** What leads to one destination. */
export interface Routes {
  readonly way: LocalWay | RemoteWay;
  /** In order of pattern. Never changed: the same list has the same patterns. */
  readonly patterns: readonly WantedPattern[];
}

/** The table as it was when it was read: nothing that happens later changes it. */
export interface RouteTable {
  /** Grows with each change. */
  readonly version: number;
  /** By destination. */
  readonly routes: ReadonlyMap<string, Routes>;
  /** When it was read, on the monotonic clock, ms. */
  readonly now: number;
}

type Context = Pick<DoorContext, "node" | "clock" | "federation">;
type LocalInterest = Context["node"]["dispatcher"]["interest"];

/** Patterns looked at between two turns of the event loop: some milliseconds. */
const STEP_PATTERNS = 4096;

/** The version that the table has now, without making it. */
export function versionOf({ node, federation }: Context): number {
  return node.dispatcher.interest.version + (federation === undefined ? 0 : routesVersion(federation));
}

/** The table as it is now, or as it would be. */
export async function readRouteTable(context: Context, query: RouteSelection): Promise<RouteTable> {
  const version = versionOf(context);
  const routes = new Map<string, Routes>();
  let done = 0;
  for (const step of eachOfBoth(context, query)) {
    if (step !== undefined && step.patterns.length > 0) routes.set(step.way.destination, step);
    // Of many patterns that were looked at few may fit the topic.
    done += step === undefined || query.topic !== undefined ? STEP_PATTERNS : Math.max(1, step.patterns.length);
    if (done < STEP_PATTERNS) continue;
    done = 0;
    await nextTurn();
  }
  return { version, routes, now: context.clock.now() };
}

/** The lines in order of pattern, then destination; only those after a key, if one is given. */
export function* entriesOf({ routes, now }: RouteTable, after?: string): Generator<RouteEntry> {
  const lists = [...routes.values()].map(({ way, patterns }) => {
    const from = after === undefined ? 0 : firstAfter(patterns, way.destination, after);
    return { name: way.destination, items: patterns, from };
  });
  for (const { name, item } of mergeSorted(lists, ({ pattern }) => pattern)) {
    yield toEntry(routes.get(name)!.way, item, now);
  }
}

export function toEntry(way: LocalWay | RemoteWay, { pattern, since }: WantedPattern, now: number): RouteEntry {
  return { pattern, ...way, ageMs: Math.max(0, Math.round(now - since)) };
}

/** A route's place in the table, for pages: patterns have no spaces, and no character of one is less than the space. */
export function routeKey({ pattern, destination }: { readonly pattern: string; readonly destination: string }): string {
  return `${pattern} ${destination}`;
}

/** `undefined`: a part of the work is done, and there is nothing to show yet. */
function* eachOfBoth(context: Context, query: RouteSelection): Generator<Routes | undefined> {
  yield* localRoutes(context, query);
  if (context.federation !== undefined) yield* eachRoutes(context.federation, query);
}

function* localRoutes({ node }: Context, { topic, destination }: RouteSelection): Generator<Routes | undefined> {
  const { cluster, dispatcher: { interest } } = node;
  if (destination !== undefined && destination !== cluster) return;
  const sorted = yield* sortedPatterns(interest);
  const patterns = topic === undefined ? sorted : sorted.filter(({ pattern }) => takes(pattern, topic));
  const common = { nextHop: null, cost: 0, state: "local", reason: "LOCAL_SUBSCRIBER", alternate: null } as const;
  yield { way: { destination: cluster, path: [cluster], origin: cluster, ...common }, patterns };
}

/** What was sorted last: most questions come in between changes. */
const sortedLast = new WeakMap<
  LocalInterest,
  { readonly version: number; readonly patterns: readonly WantedPattern[] }
>();

function* sortedPatterns(interest: LocalInterest): Generator<undefined, readonly WantedPattern[]> {
  const { version } = interest;
  const known = sortedLast.get(interest);
  if (known?.version === version) return known.patterns;
  const patterns = yield* sortInSteps(interest.list(), ({ pattern }) => pattern, STEP_PATTERNS);
  sortedLast.set(interest, { version, patterns });
  return patterns;
}

/** A pattern that begins with a wildcard does not take the node's own topics. */
function takes(pattern: string, topic: string): boolean {
  return patternMatches(pattern, topic) && (!isSystemTopic(topic) || isSystemTopic(pattern));
}

function firstAfter(patterns: readonly WantedPattern[], destination: string, after: string): number {
  return firstIndex(patterns, ({ pattern }) => routeKey({ pattern, destination }) > after);
}
