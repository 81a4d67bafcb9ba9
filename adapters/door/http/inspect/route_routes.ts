/** `GET /routes`: the routing table as JSON, as text or graph for people, or as a stream of changes. */

import { type Context, Hono } from "hono";

import { areLinked, knownClusters, type RouteSelection } from "../../../../federation/mod.ts";
import { parseTopic, RefusedError } from "../../../../node/mod.ts";
import type { DoorContext, DoorEnv } from "../door_context.ts";
import { provenance, type Query, readChoice, readLimit, slicedBody } from "../request/mod.ts";
import { LiveClients, sseHeadResponse } from "../streams/mod.ts";
import { toDot, toText } from "./route_formats.ts";
import { entriesOf, readRouteTable, type RouteEntry, routeKey } from "./route_table.ts";
import { watchRoutes } from "./route_watch.ts";

export function routeRoutes(context: DoorContext): Hono<DoorEnv> {
  const app = new Hono<DoorEnv>();
  const watchers = new LiveClients(context);
  app.get("/routes", (c) => answer(context, watchers, c));
  return app;
}

async function answer(context: DoorContext, watchers: LiveClients, c: Context<DoorEnv>): Promise<Response> {
  const query: Query = (name) => c.req.query(name);
  const wanted = readSelection(context, query);
  const watch = readChoice(query, "watch", ["", "true", "false"]);
  if (watch !== undefined && watch !== "false") {
    return c.req.method === "HEAD" ? sseHeadResponse() : watchRoutes(context, watchers, wanted);
  }
  switch (readChoice(query, "format", ["json", "text", "dot"]) ?? "json") {
    case "json":
      return c.json(await toJson(context, wanted, query));
    case "text":
      return toPlain(c, toText(await readRouteTable(context, wanted)), "text/plain");
    case "dot":
      return toPlain(c, toDot(await readRouteTable(context, wanted)), "text/vnd.graphviz");
  }
}

function toPlain(c: Context<DoorEnv>, texts: Iterable<string>, mediaType: string): Response {
  return c.body(slicedBody(texts), 200, { "content-type": `${mediaType}; charset=utf-8` });
}

/** Throws `InvalidTopicError` or `RefusedError`. */
function readSelection(context: DoorContext, query: Query): RouteSelection {
  const topic = query("topic");
  return {
    topic: topic === undefined ? undefined : parseTopic(topic),
    destination: query("destination"),
    cut: readCut(context, query("cut")),
  };
}

/** `paris-oslo`. Names may hold hyphens themselves: the split counts whose halves are neighbours. */
function readCut({ federation }: DoorContext, cut: string | undefined): readonly [string, string] | undefined {
  if (cut === undefined) return undefined;
  const known = new Set(federation === undefined ? [] : knownClusters(federation));
  const tokens = cut.split("-");
  for (let at = 1; at < tokens.length; at++) {
    const pair = [tokens.slice(0, at).join("-"), tokens.slice(at).join("-")] as const;
    if (pair.every((name) => known.has(name)) && areLinked(federation!, ...pair)) return pair;
  }
  throw new RefusedError(
    "LINK_UNKNOWN",
    `Cannot cut "${cut}": no two clusters of these names are linked; the paths of "weft clusters" (GET /v1/clusters) show which are`,
    { cut },
  );
}

async function toJson(context: DoorContext, wanted: RouteSelection, query: Query) {
  const limit = readLimit(query);
  const table = await readRouteTable(context, wanted);
  const routes: RouteEntry[] = [];
  for (const entry of entriesOf(table, query("after"))) {
    if (routes.length === limit) {
      return { version: table.version, routes, next: routeKey(routes[limit - 1]), ...provenance(context) };
    }
    routes.push(entry);
  }
  return { version: table.version, routes, next: null, ...provenance(context) };
}
