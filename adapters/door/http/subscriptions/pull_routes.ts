/** `POST /v1/subscriptions/{id}/pull` and `/ack`: events for whoever asks, under a lease, until they are acknowledged. */

import { setImmediate } from "node:timers";

import { type Context, Hono } from "hono";
import * as v from "valibot";

import type { DoorContext, DoorEnv } from "../door_context.ts";
import { jsonResponse, readBodyAs } from "../request/mod.ts";
import { type PulledEvent, toPullAnswer } from "./pull_answer.ts";
import { requireUsable } from "./resource_routes.ts";

/** Longest wait in ms: below the minute of silence after which runtimes and proxies cut a connection. */
const WAIT_MAX_MS = 50_000;
/** Entries of each kind in one acknowledgement. */
const SETTLED_MAX = 10_000;

const wholeNumber = (least: number, most: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));
const listOf = <S extends v.GenericSchema>(item: S) => v.optional(v.pipe(v.array(item), v.maxLength(SETTLED_MAX)), []);

/** Body of pull; an empty one takes the defaults. */
export const PullSchema = v.strictObject({
  /** Events in the answer at most. Default 100. */
  max: v.optional(wholeNumber(1, 10_000), 100),
  /** How long to wait for the first event, ms; an answer comes after 50 s in any case. Default 0. */
  waitMs: v.optional(wholeNumber(0, 3_600_000), 0),
});

/** Body of ack. */
export const AckSchema = v.strictObject({
  /** `ackId`s of events that were processed. */
  ack: listOf(v.string()),
  /** Events that come again, after `delayMs` or as `config.retry` says. */
  nack: listOf(v.strictObject({ ackId: v.string(), delayMs: v.optional(wholeNumber(0, 86_400_000)) })),
  /** `ackId`s of events whose lease begins anew. */
  extend: listOf(v.string()),
});

export function pullRoutes(context: DoorContext): Hono<DoorEnv> {
  const app = new Hono<DoorEnv>();
  app.post("/v1/subscriptions/:id/pull", (c) => pull(context, c));
  app.post("/v1/subscriptions/:id/ack", (c) => acknowledge(context, c));
  return app;
}

async function pull(context: DoorContext, c: Context<DoorEnv>): Promise<Response> {
  const { id } = requireUsable(context, c).record.subscription;
  const { max, waitMs } = await readBodyAs(PullSchema, context, c.req.raw, {});
  const events = await context.node.subscriptions.pull(id, { max, waitMs: 0 });
  if (events.length > 0 || waitMs === 0 || context.draining.aborted) return jsonResponse(toPullAnswer(events));
  return await wait(context, id, { max, waitMs: Math.min(waitMs, WAIT_MAX_MS) });
}

async function acknowledge(context: DoorContext, c: Context<DoorEnv>): Promise<Response> {
  const { id } = requireUsable(context, c).record.subscription;
  const settlement = await readBodyAs(AckSchema, context, c.req.raw);
  return c.json(await context.node.subscriptions.settle(id, settlement));
}

/** Waits for events, until the time is over, the node stops, or the client is gone. */
async function wait(
  { node, draining }: DoorContext,
  id: string,
  options: { max: number; waitMs: number },
): Promise<Response> {
  const leave = new AbortController();
  const stop = () => leave.abort();
  draining.addEventListener("abort", stop);
  const pulling = node.subscriptions.pull(id, { ...options, signal: leave.signal })
    .finally(() => draining.removeEventListener("abort", stop));
  // A refusal must come before the status line is out.
  await Promise.race([pulling, new Promise((resolve) => setImmediate(resolve))]);
  return toLateResponse(pulling, stop);
}

/**
 * The answer as a stream that is empty until there is something. That the client is gone is seen by the stream's end on both
 * runtimes; `request.signal` would do on Bun, but on Deno it fires after every answer and prints a notice.
 */
function toLateResponse(pulling: Promise<readonly PulledEvent[]>, leave: () => void): Response {
  let gone = false;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      pulling.then((events) => {
        if (gone) return;
        controller.enqueue(new TextEncoder().encode(toPullAnswer(events)));
        controller.close();
      }).catch((error) => controller.error(error));
    },
    cancel() {
      gone = true;
      leave();
    },
  });
  return new Response(body, { headers: { "content-type": "application/json" } });
}
