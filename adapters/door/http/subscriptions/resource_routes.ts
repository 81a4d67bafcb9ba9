/** `/v1/subscriptions`: resources of the CloudEvents Subscriptions API. Each 2xx to a change means that it is durable. */

import { type Context, Hono } from "hono";
import * as v from "valibot";

import type { Federation } from "../../../../federation/mod.ts";
import type { Consumer } from "../../../../node/mod.ts";
import { listMeshSubscriptions } from "../../../federation/mod.ts";
import { requireScope } from "../auth/mod.ts";
import type { DoorContext, DoorEnv } from "../door_context.ts";
import {
  awaitReady,
  provenance,
  readBodyAs,
  readChoice,
  readJson,
  readLimit,
  readReady,
  toPage,
} from "../request/mod.ts";

type Call = Context<DoorEnv>;

/** Body of PATCH. */
export const PatchSchema = v.strictObject({ paused: v.boolean() });

/** Body of seek: `earliest`, `now`, a position (itself included), an RFC 3339 time or a cursor. */
export const SeekSchema = v.strictObject({ since: v.union([v.string(), v.number()]) });

export function resourceRoutes(context: DoorContext): Hono<DoorEnv> {
  const app = new Hono<DoorEnv>();
  app.get("/v1/subscriptions", (c) => list(context, c));
  app.post("/v1/subscriptions", (c) => create(context, c));
  app.get("/v1/subscriptions/:id", async (c) => c.json(await toAnswer(context, find(context, c))));
  app.put("/v1/subscriptions/:id", (c) => put(context, c));
  app.patch("/v1/subscriptions/:id", (c) => patch(context, c));
  app.delete("/v1/subscriptions/:id", (c) => remove(context, c));
  app.post("/v1/subscriptions/:id/seek", (c) => seek(context, c));
  return app;
}

/** The subscription that the path names, if the principal may use it. Throws `RefusedError`. */
export function requireUsable(context: DoorContext, c: Call): Consumer {
  const consumer = find(context, c);
  requireScope(c.get("principal"), "subscribe", consumer.record.subscription.config.topic);
  return consumer;
}

async function list(context: DoorContext, c: Call): Promise<Response> {
  const { subscriptions, id: node, cluster } = context.node;
  const limit = readLimit((name) => c.req.query(name));
  const scope = readChoice((name) => c.req.query(name), "scope", ["node", "cluster", "mesh"]);
  if (scope === "mesh" && context.federation !== undefined) return await listMesh(context, context.federation, c);
  const consumers = subscriptions.list(c.req.query("after"), limit + 1);
  const page = consumers.slice(0, limit);
  const place = scope === "mesh" ? { node, cluster } : {};
  const resources = await Promise.all(
    page.map(async (consumer) => ({ ...await describe(context, consumer), ...place })),
  );
  const next = consumers.length > limit ? page[limit - 1].record.subscription.id : null;
  return c.json({ subscriptions: resources, next, ...provenance(context) });
}

/** Of every cluster that can be reached; `missing` names those that did not answer in time. */
async function listMesh(context: DoorContext, federation: Federation, c: Call): Promise<Response> {
  const { subscriptions: all, missing } = await listMeshSubscriptions(federation);
  const { entries, next } = toPage(all, ({ cluster, id }) => `${cluster} ${id}`, (name) => c.req.query(name));
  return c.json({ subscriptions: entries, missing, next, ...provenance(context) });
}

async function create(context: DoorContext, c: Call): Promise<Response> {
  const ready = readReady((name) => c.req.query(name));
  const body = await readJson(context, c.req.raw);
  requireScope(c.get("principal"), "subscribe", requestedTopic(body));
  const consumer = await context.node.subscriptions.create(body);
  return c.json({ ...await toAnswer(context, consumer), ...await awaitReady(context, ready) }, 201, {
    location: toPath(consumer),
  });
}

async function put(context: DoorContext, c: Call): Promise<Response> {
  const ready = readReady((name) => c.req.query(name));
  const id = c.req.param("id")!;
  const body = await readJson(context, c.req.raw);
  requireScope(c.get("principal"), "subscribe", requestedTopic(body));
  // Its place in the log passes to the new one, so whoever replaces it must be one who could read the old.
  if (context.node.subscriptions.get(id) !== undefined) requireUsable(context, c);
  const { consumer, created } = await context.node.subscriptions.put(id, body);
  const answer = { ...await toAnswer(context, consumer), ...await awaitReady(context, ready) };
  return created ? c.json(answer, 201, { location: toPath(consumer) }) : c.json(answer);
}

async function patch(context: DoorContext, c: Call): Promise<Response> {
  const { id } = requireUsable(context, c).record.subscription;
  const { paused } = await readBodyAs(PatchSchema, context, c.req.raw);
  return c.json(await toAnswer(context, await context.node.subscriptions.setPaused(id, paused)));
}

async function remove(context: DoorContext, c: Call): Promise<Response> {
  await context.node.subscriptions.delete(requireUsable(context, c).record.subscription.id);
  return c.body(null, 204);
}

async function seek(context: DoorContext, c: Call): Promise<Response> {
  requireScope(c.get("principal"), "admin");
  const { id } = requireUsable(context, c).record.subscription;
  const { since } = await readBodyAs(SeekSchema, context, c.req.raw);
  return c.json(await toAnswer(context, await context.node.subscriptions.seek(id, since)));
}

function find(context: DoorContext, c: Call): Consumer {
  return context.node.subscriptions.require(c.req.param("id")!);
}

async function toAnswer(context: DoorContext, consumer: Consumer): Promise<Record<string, unknown>> {
  return { ...await describe(context, consumer), ...provenance(context) };
}

async function describe({ node }: DoorContext, consumer: Consumer): Promise<Record<string, unknown>> {
  const { subscriptions } = node;
  return { ...subscriptions.toResource(consumer), status: await subscriptions.status(consumer) };
}

/** The topic that a request asks for, as far as it is well formed; the node refuses what is not. */
function requestedTopic(body: unknown): string {
  const topic = (body as { config?: { topic?: unknown } } | null)?.config?.topic;
  return typeof topic === "string" ? topic : ">";
}

function toPath({ record }: Consumer): string {
  return `/v1/subscriptions/${record.subscription.id}`;
}
