/** `/v1/dead-letters`: what failed all its attempts; list, show, give back, remove. */

import { type Context, Hono } from "hono";
import * as v from "valibot";

import {
  type DeadLetter,
  type DeadLetterQuery,
  encodeStructured,
  parsePattern,
  RefusedError,
} from "../../../../node/mod.ts";
import { requireScope } from "../auth/mod.ts";
import type { DoorContext, DoorEnv } from "../door_context.ts";
import {
  invalidParameter,
  jsonResponse,
  provenance,
  type Query,
  readBodyAs,
  readLimit,
  readTime,
  spliceJson,
} from "../request/mod.ts";

const Time = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d{2}-\d{2}[Tt ]/, "it is an RFC 3339 time such as 2026-01-31T12:00:00Z"),
  v.check((text) => !Number.isNaN(Date.parse(text)), "it is an RFC 3339 time such as 2026-01-31T12:00:00Z"),
);

/** Body of redrive: which dead letters; all that is given must hold, and something must be given. */
export const RedriveSchema = v.pipe(
  v.strictObject({
    ids: v.optional(v.pipe(v.array(v.string()), v.maxLength(10_000))),
    subscription: v.optional(v.string()),
    /** A pattern. */
    topic: v.optional(v.string()),
    /** Times of death. */
    before: v.optional(Time),
    after: v.optional(Time),
  }),
  v.check(
    (body) => Object.values(body).some((value) => value !== undefined),
    "name ids, subscription, topic, before or after; all at once is subscription by subscription, or topic >",
  ),
);

type Call = Context<DoorEnv>;

export function deadLetterRoutes(context: DoorContext): Hono<DoorEnv> {
  const app = new Hono<DoorEnv>();
  // They hold the events of every subscription, whoever made it.
  const forAdmin = (handler: (context: DoorContext, c: Call) => Promise<Response>) => async (c: Call) => {
    requireScope(c.get("principal"), "admin");
    return await handler(context, c);
  };
  app.get("/v1/dead-letters", forAdmin(list));
  app.delete("/v1/dead-letters", forAdmin(purge));
  app.post("/v1/dead-letters/redrive", forAdmin(redrive));
  app.get("/v1/dead-letters/:id", forAdmin(show));
  app.delete("/v1/dead-letters/:id", forAdmin(remove));
  app.post("/v1/dead-letters/:id/redrive", forAdmin(redriveOne));
  return app;
}

async function show(context: DoorContext, c: Call): Promise<Response> {
  return jsonResponse(toJson(await find(context, c), provenance(context)));
}

async function list(context: DoorContext, c: Call): Promise<Response> {
  const query: Query = (name) => c.req.query(name);
  const page = { after: query("after"), limit: readLimit(query) };
  const { letters, next } = await context.node.deadLetters.list(readQuery(query), page);
  const entries = letters.map((letter) => toJson(letter, {}));
  return jsonResponse(spliceJson({ ...provenance(context), next }, { deadLetters: `[${entries.join(",")}]` }));
}

async function purge(context: DoorContext, c: Call): Promise<Response> {
  const wanted = readQuery((name) => c.req.query(name));
  if (Object.values(wanted).every((value) => value === undefined)) {
    throw invalidParameter("subscription", "", "name the dead letters to remove: subscription, topic or before");
  }
  return c.json({ purged: await context.node.deadLetters.purge(wanted), ...provenance(context) });
}

async function redrive(context: DoorContext, c: Call): Promise<Response> {
  const { before, after, topic, ...rest } = await readBodyAs(RedriveSchema, context, c.req.raw);
  if (topic !== undefined) parsePattern(topic);
  const result = await context.node.redrive({ ...rest, topic, before: toMs(before), after: toMs(after) });
  return c.json({ ...result, ...provenance(context) });
}

async function redriveOne(context: DoorContext, c: Call): Promise<Response> {
  const letter = await find(context, c);
  const result = await context.node.redrive({ ids: [letter.id] });
  if (result.orphaned === 0) return c.json({ ...result, ...provenance(context) });
  throw new RefusedError(
    "DEAD_LETTER_ORPHANED",
    `Cannot redrive "${letter.id}": its subscription "${letter.subscription}" is gone; make it again, or delete the dead letter`,
    { subscription: letter.subscription },
  );
}

async function remove(context: DoorContext, c: Call): Promise<Response> {
  const { id } = await find(context, c);
  await context.node.deadLetters.purge({ ids: [id] });
  return c.body(null, 204);
}

async function find({ node }: DoorContext, c: Call): Promise<DeadLetter> {
  const id = c.req.param("id")!;
  const letter = await node.deadLetters.get(id);
  if (letter !== undefined) return letter;
  throw new RefusedError(
    "DEAD_LETTER_NOT_FOUND",
    `Cannot find dead letter "${id}": it was redriven or purged, or never was; "weft dlq ls" (GET /v1/dead-letters) lists them`,
  );
}

/** Throws `RefusedError` or `InvalidPatternError`. */
function readQuery(query: Query): DeadLetterQuery {
  const topic = query("topic");
  if (topic !== undefined) parsePattern(topic);
  return { subscription: query("subscription"), topic, before: readTime(query, "before") };
}

function toMs(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}

function toJson(letter: DeadLetter, members: object): string {
  const { id, subscription, reason, detail, attempts, lastResponse, at, topic, position, event } = letter;
  return spliceJson(
    {
      id,
      subscription,
      reason,
      detail,
      attempts,
      lastResponse,
      topic,
      position,
      ...members,
      at: new Date(at).toISOString(),
    },
    { event: encodeStructured(event) },
  );
}
