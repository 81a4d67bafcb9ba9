/** What a client asks of `GET /v1/stream`, in the query and the headers. */

import { type Context } from "hono";

import { RefusedError, type StreamOptions } from "../../../../node/mod.ts";
import { requireScope } from "../auth/mod.ts";
import type { DoorContext, DoorEnv } from "../door_context.ts";
import { invalidParameter, type Query, readChoice, readCount, readReady } from "../request/mod.ts";

export interface StreamRequest {
  /** What to open; who reads it adds `onReady`. */
  readonly options: Omit<StreamOptions, "onReady">;
  /** The client waits until the mesh knows of its interest. */
  readonly ready: boolean;
}

/** As for a subscription's `config.group`. */
const GROUP = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/;

/** Throws `RefusedError` for parameters that cannot be met, and when the principal may not subscribe to the pattern. */
export function readStreamRequest({ node }: DoorContext, c: Context<DoorEnv>): StreamRequest {
  const query: Query = (name) => c.req.query(name);
  const topic = query("topic") ?? ">";
  requireScope(c.get("principal"), "subscribe", topic);
  const group = readGroup(query);
  return {
    options: {
      topic,
      filter: query("filter"),
      group,
      ordered: readOrdered(query, group),
      since: readLastEventId(node, c.req.header("last-event-id")) ?? query("since"),
      ack: readChoice(query, "ack", ["none", "explicit"]),
      maxInFlight: readCount(query, "maxInFlight", { least: 1, most: 10_000 }),
      ackTimeoutMs: readCount(query, "ackTimeoutMs", { least: 10, most: 86_400_000 }),
    },
    ready: readReady(query),
  };
}

/** For streams on which nothing can be acknowledged. Throws `RefusedError` (`INVALID_PARAMETER`). */
export function refuseExplicitAck({ options }: StreamRequest): void {
  if (options.ack !== "explicit") return;
  throw invalidParameter("ack", "explicit", "only the WebSocket sub-protocol weft.json can acknowledge; use that");
}

function readGroup(query: Query): string | undefined {
  const group = query("group");
  if (group === undefined || GROUP.test(group)) return group;
  throw invalidParameter("group", group, "a group holds 1 to 128 letters, digits and . _ ~ -");
}

function readOrdered(query: Query, group: string | undefined): boolean {
  const ordered = readChoice(query, "ordered", ["true", "false"]) === "true";
  if (!ordered || group !== undefined) return ordered;
  const why = "a stream of its own goes by places in the log; name a group, or pull from an ordered subscription";
  throw invalidParameter("ordered", "true", why);
}

/** A browser that has seen no event yet may send an empty one. Unlike `since` it is always a cursor. */
function readLastEventId(node: DoorContext["node"], id: string | undefined): string | undefined {
  if (id === undefined || id === "") return undefined;
  node.positionOf(id);
  return id;
}

/** Throws `RefusedError` (`NOT_ACCEPTABLE`) when the Accept header excludes event streams (RFC 9110 §12.5.1). */
export function requireEventStreamAccepted(accept: string | undefined): void {
  if (accept === undefined || accept.split(",").some(allowsEventStream)) return;
  throw new RefusedError(
    "NOT_ACCEPTABLE",
    `Cannot answer with "${accept}": a stream is text/event-stream; accept that, or ask for a WebSocket`,
    { available: ["text/event-stream"] },
  );
}

function allowsEventStream(range: string): boolean {
  const [type, ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
  if (type !== "text/event-stream" && type !== "text/*" && type !== "*/*") return false;
  return !parameters.some((parameter) => /^q\s*=\s*0(\.0{0,3})?$/.test(parameter));
}
