/** `/v1/clusters`, `/v1/peers`, `/v1/links`, `/v1/interest`: what this node knows of its mesh, and what it is to forget. */

import { type Context, Hono } from "hono";

import {
  eachInterest,
  type Federation,
  knownCluster,
  knownClusters,
  type LaneView,
  type LinkView,
  listLinks,
  listPeers,
  parkedFor,
  type ParkedView,
} from "../../../../federation/mod.ts";
import { type EventStore, RefusedError } from "../../../../node/mod.ts";
import { hearClusters } from "../../../federation/mod.ts";
import { requireScope } from "../auth/mod.ts";
import type { DoorContext, DoorEnv } from "../door_context.ts";
import { jsonList, type Page, provenance, slicedBody, toPage } from "../request/mod.ts";

export function meshRoutes(context: DoorContext): Hono<DoorEnv> {
  const app = new Hono<DoorEnv>();
  app.get("/v1/clusters", (c) => clusters(context, c));
  app.get("/v1/interest", (c) => interest(context, c));
  app.get("/v1/peers", (c) => {
    const peers = listOf(context, listPeers).map(({ sinceMs, ...peer }) => ({
      ...peer,
      since: toTime(context, sinceMs),
    }));
    return answer(context, c, "peers", peers, ({ cluster, id }) => `${cluster} ${id}`);
  });
  app.get("/v1/links", async (c) => {
    const { entries, next } = toPage(
      listOf(context, listLinks).toSorted(byKey),
      keyOfLink,
      (name) => c.req.query(name),
    );
    const links = await Promise.all(entries.map((link) => toLink(context, link)));
    return c.json({ links, next, ...provenance(context) });
  });
  app.delete("/v1/clusters/:cluster", (c) => forget(context, c));
  return app;
}

/** A cluster may have thousands of wants, and a page a hundred clusters: it is made while it is read. */
function interest(context: DoorContext, c: Context<DoorEnv>): Response {
  const { federation } = context;
  const { entries, next } = clustersOfPage(context, c);
  const wants = federation === undefined ? [] : eachInterest(federation, entries);
  const texts = jsonList("interest", wants, { next, ...provenance(context) });
  return c.body(slicedBody(texts), 200, { "content-type": "application/json" });
}

/** Names of those that are known, or of the one that is wanted. */
function clustersOfPage(context: DoorContext, c: Context<DoorEnv>): Page<string> {
  const only = c.req.query("cluster");
  const names = listOf(context, knownClusters).filter((name) => only === undefined || name === only);
  return toPage(names, (name) => name, (name) => c.req.query(name));
}

/** Those of the page are asked whether they are there, unless they have just been heard. */
async function clusters(context: DoorContext, c: Context<DoorEnv>): Promise<Response> {
  const { federation } = context;
  const { entries: names, next } = clustersOfPage(context, c);
  if (federation !== undefined) await hearClusters(federation, names);
  const heard = federation === undefined ? [] : names.map((name) => knownCluster(federation, name));
  const clusters = await Promise.all(
    heard.map(async ({ parked, ...cluster }) => ({ ...cluster, parked: await toParked(context, parked) })),
  );
  return c.json({ clusters, next, ...provenance(context) });
}

/** What is owed to a cluster that is gone for good ends as evicted. */
function forget(context: DoorContext, c: Context<DoorEnv>): Response {
  requireScope(c.get("principal"), "admin");
  const cluster = c.req.param("cluster")!;
  const { federation, node } = context;
  const isKnown = listOf(context, knownClusters).includes(cluster);
  if (!isKnown || federation === undefined) {
    throw new RefusedError(
      "CLUSTER_UNKNOWN",
      `Cannot forget cluster "${cluster}": none of that name is known here; "weft clusters" (GET /v1/clusters) lists those that are`,
    );
  }
  const known = knownCluster(federation, cluster);
  if (known.reachable) {
    const why = cluster === node.cluster ? "it is this one" : `there is a path to it, ${known.path.join(" > ")}`;
    throw new RefusedError("CLUSTER_REACHABLE", `Cannot forget cluster "${cluster}": ${why}; stop its nodes first`);
  }
  return c.json({ forgot: cluster, evicted: federation.forget(cluster), ...provenance(context) });
}

/** A node that is in no mesh knows nothing of one. */
function listOf<T>({ federation }: DoorContext, list: (federation: Federation) => readonly T[]): readonly T[] {
  return federation === undefined ? [] : list(federation);
}

function answer<T>(
  context: DoorContext,
  c: Context<DoorEnv>,
  plural: string,
  all: readonly T[],
  keyOf: (entry: T) => string,
): Response {
  const { entries, next } = toPage(all, keyOf, (name) => c.req.query(name));
  return c.json({ [plural]: entries, next, ...provenance(context) });
}

/** Links with nobody come last: no name of a cluster begins with `~`. */
function keyOfLink({ peer, url, lastError }: Pick<LinkView, "peer" | "url" | "lastError">): string {
  return peer ?? `~${url} ${lastError}`;
}

function byKey(a: LinkView, b: LinkView): number {
  return keyOfLink(a) < keyOfLink(b) ? -1 : 1;
}

/** With what is parked here for the neighbour itself. */
async function toLink(context: DoorContext, { sinceMs, lastErrorMs, lanes, ...link }: LinkView) {
  const { store } = context.node;
  return {
    ...link,
    since: toTime(context, sinceMs),
    lastErrorAt: toTime(context, lastErrorMs),
    parked: link.peer === null ? null : await toParked(context, parkedFor(context.federation!, link.peer)),
    lanes: await Promise.all(lanes.map((lane) => toLane(store, lane))),
  };
}

async function toParked(context: DoorContext, parked: ParkedView | null) {
  if (parked === null) return null;
  const { oldestPosition, sinceMs, ...rest } = parked;
  return { ...rest, oldestAgeMs: await ageOf(context.node.store, oldestPosition), since: toTime(context, sinceMs) };
}

async function toLane(store: EventStore, { oldestPosition, ...lane }: LaneView) {
  return { ...lane, oldestAgeMs: oldestPosition === null ? 0 : await ageOf(store, oldestPosition) };
}

/** How long ago an event came: one that is kept as long as it waits; 0 if it has just gone. */
async function ageOf(store: EventStore, position: number): Promise<number> {
  const event = await store.get(position);
  return event === undefined ? 0 : Math.max(0, Math.round(store.now() - event.acceptedAge));
}

function toTime({ clock }: DoorContext, sinceMs: number | null): string | null {
  return sinceMs === null ? null : new Date(clock.wall() - sinceMs).toISOString();
}
