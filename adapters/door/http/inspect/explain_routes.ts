/** `GET /v1/explain`: who in the mesh would get an event, and what stops it elsewhere. Sends nothing. */

import { type Context, Hono } from "hono";

import { type CloudEvent, createEvent, parseTopic } from "../../../../node/mod.ts";
import { explainEvent } from "../../../federation/mod.ts";
import type { DoorContext, DoorEnv } from "../door_context.ts";
import { invalidParameter, provenance } from "../request/mod.ts";

export function explainRoutes(context: DoorContext): Hono<DoorEnv> {
  const app = new Hono<DoorEnv>();
  app.get("/v1/explain", (c) => explain(context, c));
  return app;
}

async function explain(context: DoorContext, c: Context<DoorEnv>): Promise<Response> {
  const { node } = context;
  // No attribute has a hyphen in its name.
  const { topic: explicit, "why-not": whyNot, ...attributes } = c.req.query();
  if (explicit === undefined && attributes.type === undefined) {
    throw invalidParameter("topic", "", "name the topic, or the type, of the event to explain");
  }
  const event = toEvent(node.federation, explicit, attributes);
  const topic = explicit === undefined ? node.topicOf(event) : parseTopic(explicit);
  return c.json({ ...await explainEvent(context, topic, event, { whyNot }), ...provenance(context) });
}

/** The event that the query describes: what it leaves out is as it would be for a payload sent to `/v1/topics/{topic}`. */
function toEvent(federation: string, topic: string | undefined, attributes: Record<string, string>): CloudEvent {
  return createEvent({
    attributes: { id: "explain", source: `/federations/${federation}`, type: topic, ...attributes },
  });
}
