/** `GET /v1/trace` and `/v1/events/{source}/{id}/trace`: what happened to an event, after the fact. */

import { type Context, Hono } from "hono";

import { type EventId, RefusedError } from "../../../../node/mod.ts";
import { type TracedCopy, traceEvent } from "../../../federation/mod.ts";
import type { DoorContext, DoorEnv } from "../door_context.ts";
import { invalidParameter, provenance } from "../request/mod.ts";

export function traceRoutes(context: DoorContext): Hono<DoorEnv> {
  const app = new Hono<DoorEnv>();
  app.get("/v1/trace", (c) => {
    const read = (name: string): string => {
      const value = c.req.query(name);
      if (value) return value;
      throw invalidParameter(name, "", "name the source and the id of the event");
    };
    return trace(context, c, { source: read("source"), id: read("id") });
  });
  app.get("/v1/events/:source/:id/trace", (c) => {
    return trace(context, c, { source: c.req.param("source"), id: c.req.param("id") });
  });
  return app;
}

async function trace(context: DoorContext, c: Context<DoorEnv>, id: EventId): Promise<Response> {
  const traced = await traceEvent(context, id);
  if (traced === undefined) {
    throw new RefusedError(
      "EVENT_NOT_FOUND",
      `Cannot trace event "${id.id}" of source "${id.source}": no cluster that can be reached has it in its log; ` +
        "it was never published, retention removed it, or its cluster is not reachable",
      { ...id },
    );
  }
  const { copies, ...first } = traced;
  return c.json({ ...id, ...toJson(first), copies: copies.map(toJson), ...provenance(context) });
}

function toJson({ origin, hops, deliveries, ...rest }: TracedCopy) {
  return { origin: timed(origin), hops: hops.map(timed), deliveries: deliveries.map(timed), ...rest };
}

function timed<T extends { readonly at: number | null }>(entry: T): Omit<T, "at"> & { readonly at: string | null } {
  return { ...entry, at: entry.at === null ? null : new Date(entry.at).toISOString() };
}
