/** `GET /v1/events` and `/v1/topics`: what is in the log, and what comes into it. */

import { type Context, Hono } from "hono";

import { encodeStructured, type StoredEvent } from "../../../../node/mod.ts";
import { requireScope } from "../auth/mod.ts";
import type { DoorContext, DoorEnv } from "../door_context.ts";
import { jsonResponse, provenance, type Query, readLimit, spliceJson } from "../request/mod.ts";

export function eventRoutes(context: DoorContext): Hono<DoorEnv> {
  const app = new Hono<DoorEnv>();
  app.get("/v1/events", (c) => browse(context, c));
  app.get("/v1/topics", (c) => listTopics(context, c));
  return app;
}

async function browse(context: DoorContext, c: Context<DoorEnv>): Promise<Response> {
  const { node } = context;
  const query: Query = (name) => c.req.query(name);
  const topic = query("topic") ?? ">";
  requireScope(c.get("principal"), "subscribe", topic);
  const page = await node.browse({
    topic,
    filter: query("filter"),
    after: readAfter(context, query("after")),
    limit: readLimit(query),
  });
  const next = page.next === null ? null : node.cursorOf(page.next);
  const entries = page.events.map((stored) => toEntry(context, stored));
  return jsonResponse(spliceJson({ ...provenance(context), next }, { events: `[${entries.join(",")}]` }));
}

/** A cursor, or the position of the last event seen. */
function readAfter({ node }: DoorContext, after: string | undefined): number {
  if (after === undefined) return 0;
  return /^\d{1,15}$/.test(after) ? Number(after) : node.positionOf(after);
}

function toEntry({ node }: DoorContext, stored: StoredEvent): string {
  const { position, topic, acceptedAt, origin, epoch, sequence, event } = stored;
  return spliceJson({
    position,
    cursor: node.cursorOf(position),
    topic,
    acceptedAt: new Date(acceptedAt).toISOString(),
    receipt: { cluster: origin, epoch, sequence, position },
  }, { event: encodeStructured(event) });
}

function listTopics(context: DoorContext, c: Context<DoorEnv>): Response {
  const limit = readLimit((name) => c.req.query(name));
  const found = context.node.topics.list(c.req.query("after"), limit + 1);
  const page = found.slice(0, limit);
  const topics = page.map(({ lastAt, ...entry }) => ({ ...entry, lastAt: new Date(lastAt).toISOString() }));
  return c.json({ topics, next: found.length > limit ? page[limit - 1].topic : null, ...provenance(context) });
}
