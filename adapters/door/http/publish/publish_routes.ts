/** `POST /`, `POST /v1/events` and `POST /v1/topics/{topic}`: events in, receipts out. */

import { Hono } from "hono";

import { type CloudEvent, type Receipt, RefusedError, type Submission } from "../../../../node/mod.ts";
import type { Principal } from "../auth/principal.ts";
import type { DoorContext, DoorEnv } from "../door_context.ts";
import { decodeMessage, isCloudEvent, type PublishMessage, wrapMessage } from "./publish_message.ts";
import { type PublishPreferences, readPreferences } from "./publish_preferences.ts";

export function publishRoutes(context: DoorContext): Hono<DoorEnv> {
  const app = new Hono<DoorEnv>();
  app.post("/", (c) => publish(context, c.req.raw));
  app.post("/v1/events", (c) => publish(context, c.req.raw));
  app.post("/v1/topics/:topic", (c) => publish(context, c.req.raw, c.req.param("topic")));
  return app;
}

/** Answers one publish request. Rejects with what the door turns into a problem document. */
export async function publish(context: DoorContext, request: Request, topic?: string): Promise<Response> {
  const who = context.authenticate(request);
  const principal = who instanceof Promise ? await who : who;
  const { headers } = request;
  const preferences = readPreferences(headers);
  const { ttlMs } = preferences;
  const message = { headers, body: toMessageBody(headers, await context.readBody(request)) };
  if (topic !== undefined && !isCloudEvent(headers)) {
    const event = wrap(context, message, topic);
    return await answer(context, preferences, context.node.accept(admit(context, principal, { event, topic, ttlMs })));
  }
  const decoded = decodeMessage(message, context.limits.batchEvents);
  if (decoded.type === "single") {
    const { event } = decoded;
    return await answer(context, preferences, context.node.accept(admit(context, principal, { event, topic, ttlMs })));
  }
  const submissions = decoded.events.map((event, index) => admit(context, principal, { event, topic, ttlMs, index }));
  const receipts = await context.node.acceptBatch(submissions);
  return toBatchResponse(receipts, await awaitCustody(context, preferences, receipts));
}

/** The receipt, once the event is in the custody that was asked for, or the wait is over. */
async function answer(
  context: DoorContext,
  preferences: PublishPreferences,
  accepted: Promise<Receipt>,
): Promise<Response> {
  const receipt = await accepted;
  if (preferences.ack === "accepted") return toResponse(receipt);
  return toResponse(receipt, await awaitCustody(context, preferences, [receipt]));
}

/** Clusters whose custody has not come in time; nothing when the whole of it was not asked for, or has come. */
async function awaitCustody(
  { federation }: DoorContext,
  { ack, waitMs }: PublishPreferences,
  receipts: readonly Receipt[],
): Promise<readonly string[]> {
  if (ack === "accepted" || federation === undefined) return [];
  return await new Promise((resolve) => federation.whenInCustody(receipts, { level: ack, timeoutMs: waitMs }, resolve));
}

/** Names the topic and checks that the principal may publish to it. */
function admit(
  context: DoorContext,
  principal: Principal,
  { event, topic, ttlMs, index }: { event: CloudEvent; topic?: string; ttlMs?: number; index?: number },
): Submission {
  try {
    const resolved = context.node.topicOf(event, topic);
    if (principal.may("publish", resolved)) return { topic: resolved, event, ttlMs };
    throw new RefusedError(
      "FORBIDDEN",
      `Cannot publish to "${resolved}": the token of "${principal.name}" does not allow it; ask for a token whose publish patterns fit this topic`,
      { topic: resolved },
    );
  } catch (error) {
    if (index === undefined || !(error instanceof RefusedError)) throw error;
    throw new RefusedError(error.code, error.message, { ...error.fields, index }, error);
  }
}

function wrap({ node }: DoorContext, message: PublishMessage, topic: string): CloudEvent {
  const source = `/federations/${node.federation}`;
  return wrapMessage(message, { topic, source, newId: () => crypto.randomUUID() });
}

/**
 * The body, or `undefined` when there is none: HTTP tells the two apart by the header fields that announce a body
 * (RFC 9112 §6), and a `fetch()` without one still says `Content-Length: 0`, but names no content type.
 */
function toMessageBody(headers: Headers, body: Uint8Array): Uint8Array | undefined {
  if (body.length > 0) return body;
  const announced = headers.has("content-length") || headers.has("transfer-encoding");
  return announced && headers.has("content-type") ? body : undefined;
}

const RECEIPT: ResponseInit = { status: 202, headers: { "content-type": "application/json" } };

function toResponse(receipt: Receipt, pending: readonly string[] = []): Response {
  const json = toJson(receipt);
  return new Response(
    pending.length === 0 ? json : `${json.slice(0, -1)},"pending":${JSON.stringify(pending)}}`,
    RECEIPT,
  );
}

function toBatchResponse(receipts: readonly Receipt[], pending: readonly string[]): Response {
  const end = pending.length === 0 ? "" : `,"pending":${JSON.stringify(pending)}`;
  return new Response(`{"accepted":${receipts.length},"receipts":[${receipts.map(toJson).join(",")}]${end}}`, RECEIPT);
}

/** Written by hand: it is half of what a publish costs otherwise. A cluster's name needs no escapes. */
function toJson({ cluster, epoch, sequence, position, duplicate }: Receipt): string {
  const end = duplicate ? ',"duplicate":true}' : "}";
  return `{"cluster":"${cluster}","epoch":${epoch},"sequence":${sequence},"position":${position}${end}`;
}
