/** `GET /routes`: the routing table as JSON, as text or graph for people, or as a stream of changes. */

import { type Context, Hono } from "hono";

import { parseTopic } from "../../../../node/mod.ts";
import type { DoorContext, DoorEnv } from "../door_context.ts";
import { provenance, type Query, readChoice } from "../request/mod.ts";
import { LiveClients, sseHeadResponse } from "../streams/mod.ts";
import { toPage } from "./pages.ts";
import { toDot, toText } from "./route_formats.ts";
import { readRouteTable, routeKey, type RouteQuery } from "./route_table.ts";
import { watchRoutes } from "./route_watch.ts";

export function routeRoutes(context: DoorContext): Hono<DoorEnv> {
  const app = new Hono<DoorEnv>();
  const watchers = new LiveClients(context);
  app.get("/routes", (c) => answer(context, watchers, c));
  return app;
}

function answer(context: DoorContext, watchers: LiveClients, c: Context<DoorEnv>): Response {
  const query: Query = (name) => c.req.query(name);
  const wanted = readRouteQuery(query);
  const watch = readChoice(query, "watch", ["", "true", "false"]);
  if (watch !== undefined && watch !== "false") {
    return c.req.method === "HEAD" ? sseHeadResponse() : watchRoutes(context, watchers, wanted);
  }
  switch (readChoice(query, "format", ["json", "text", "dot"]) ?? "json") {
    case "json":
      return c.json(toJson(context, wanted, query));
    case "text":
      return toPlain(c, toText(readRouteTable(context, wanted)), "text/plain");
    case "dot":
      return toPlain(c, toDot(readRouteTable(context, wanted)), "text/vnd.graphviz");
  }
}

function toPlain(c: Context<DoorEnv>, text: string, mediaType: string): Response {
  return c.body(text, 200, { "content-type": `${mediaType}; charset=utf-8` });
}

/** Throws `InvalidTopicError` or `RefusedError`. */
function readRouteQuery(query: Query): RouteQuery {
  const topic = query("topic");
  return { topic: topic === undefined ? undefined : parseTopic(topic), destination: query("destination") };
}

function toJson(context: DoorContext, wanted: RouteQuery, query: Query) {
  const { version, routes } = readRouteTable(context, wanted);
  const { entries, next } = toPage(routes, routeKey, query);
  return { version, routes: entries, next, ...provenance(context) };
}
