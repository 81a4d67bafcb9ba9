/** What an HTTP sink's answer means for the delivery. */

import {
  type CloudEvent,
  CodecError,
  decodeBinary,
  decodeStructured,
  detectMode,
  type SinkOutcome,
  type SinkResponse,
} from "../../../node/mod.ts";
import { readBody } from "./read_body.ts";
import { parseRetryAfterMs } from "./retry_after.ts";

/** Kept of an answer that is shown to people. */
const shownBytesMax = 4096;

/** The node's own default for an event (`limits.eventBytes`). */
const replyBytesMax = 1_048_576;

// What an acknowledging sink says besides is thrown away, but read, because only then the connection can be used again;
// past this much, a new connection is cheaper.
const drainedBytesMax = 65_536;

const shownDecoder = new TextDecoder();

/**
 * 2xx acknowledges, 410 pauses, everything else is tried again; redirects are not followed. `wallMs`: ms since 1970.
 */
export function judgeAnswer(response: Response, options: { replies: boolean; wallMs: number }): Promise<SinkOutcome> {
  if (response.ok) return acknowledge(response, options.replies);
  if (response.status === 410) return pause(response);
  return retry(response, options.wallMs);
}

async function acknowledge(response: Response, replies: boolean): Promise<SinkOutcome> {
  const { status } = response;
  if (replies && isEvent(response)) return { type: "acknowledged", status, ...await readReply(response) };
  await readBody(response, drainedBytesMax);
  return { type: "acknowledged", status };
}

function isEvent(response: Response): boolean {
  return response.headers.has("ce-specversion") || detectMode(response.headers.get("content-type")) === "structured";
}

async function readReply(response: Response): Promise<{ reply: CloudEvent } | { replyProblem: string }> {
  const { bytes, truncated } = await readBody(response, replyBytesMax);
  if (truncated) return { replyProblem: `Cannot read the reply: it is longer than ${replyBytesMax} bytes; send less` };
  try {
    return { reply: decodeReply(response.headers, bytes) };
  } catch (error) {
    if (error instanceof CodecError) return { replyProblem: error.detail };
    throw error;
  }
}

function decodeReply(headers: Headers, bytes: Uint8Array): CloudEvent {
  if (detectMode(headers.get("content-type")) === "structured") return decodeStructured(bytes);
  // HTTP does not tell an empty body from none; a media type says that there is one.
  return decodeBinary(headers, bytes.length === 0 && !headers.has("content-type") ? undefined : bytes);
}

async function pause(response: Response): Promise<SinkOutcome> {
  return { type: "pause", reason: "the sink answered 410 Gone", response: await show(response) };
}

async function retry(response: Response, wallMs: number): Promise<SinkOutcome> {
  const { status } = response;
  const honoursDelay = status === 429 || status === 503;
  return {
    type: "retry",
    reason: reasonOf(response),
    retryAfterMs: honoursDelay ? parseRetryAfterMs(response.headers.get("retry-after"), wallMs) : undefined,
    response: await show(response),
  };
}

function reasonOf(response: Response): string {
  const { status } = response;
  // Runtimes that hide redirects show them as status 0.
  if (status !== 0 && (status < 300 || status > 399)) return `the sink answered ${status}`;
  const location = response.headers.get("location");
  return `the sink answered with a redirect${location === null ? "" : ` to "${location}"`}, which is never followed; ` +
    "give the final URL as the sink";
}

async function show(response: Response): Promise<SinkResponse> {
  const { status, headers } = response;
  const { bytes } = await readBody(response, shownBytesMax);
  return { status, headers: Object.fromEntries(headers), body: shownDecoder.decode(bytes) };
}
