/** The webhook handshake (CloudEvents HTTP 1.1 Web Hooks §4): a sink consents to events before it gets any. */

import { type Clock, systemClock } from "../../../node/mod.ts";
import { Deadlines } from "./deadline.ts";
import { readBody } from "./read_body.ts";
import { assertSinkAllowed, SinkForbiddenError, type SinkPolicy, SinkUnresolvedError } from "./sink_policy.ts";

export interface HandshakeRequest {
  readonly url: string;
  /** The name of the sender, a DNS name by the specification. */
  readonly origin: string;
  /** Requests a minute that the sender asks for; left out, the sink is not asked for a rate. */
  readonly requestRate?: number;
  /** Further headers, `authorization` among them. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly policy: SinkPolicy;
  readonly signal?: AbortSignal;
  /** Default: the system's. */
  readonly clock?: Clock;
}

export type HandshakeResult =
  /** `allowedRate`: requests a minute, `undefined` if the sink sets no limit. */
  | { readonly type: "consented"; readonly allowedRate: number | undefined }
  | { readonly type: "refused"; readonly reason: string };

// What a sink says in the body is of no interest; a little is read to keep the connection.
const bodyBytesMax = 4096;

/**
 * Asks the sink with `OPTIONS`. Only `WebHook-Allowed-Origin` with the sender's name or `*` is consent, never the status.
 * A sink that cannot be reached has refused. Throws as `assertSinkAllowed` does, and the signal's reason.
 */
export async function performHandshake(request: HandshakeRequest): Promise<HandshakeResult> {
  const signal = request.signal ?? new AbortController().signal;
  using deadline = new Deadlines(request.clock ?? systemClock, request.timeoutMs).start(signal);
  try {
    await deadline.race(assertSinkAllowed(request.url, request.policy));
    const response = await fetch(request.url, {
      method: "OPTIONS",
      headers: handshakeHeaders(request),
      redirect: "manual",
      signal: deadline.signal,
    });
    await readBody(response, bodyBytesMax);
    return judgeConsent(response.headers, request.origin);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SinkForbiddenError || error instanceof SinkUnresolvedError) throw error;
    const { message } = (deadline.signal.aborted ? deadline.signal.reason : error) as Error;
    return { type: "refused", reason: `the sink did not answer OPTIONS: ${message}` };
  }
}

function handshakeHeaders(request: HandshakeRequest): Headers {
  const headers = new Headers(request.headers);
  headers.set("webhook-request-origin", request.origin);
  if (request.requestRate !== undefined) headers.set("webhook-request-rate", String(request.requestRate));
  return headers;
}

function judgeConsent(headers: Headers, origin: string): HandshakeResult {
  const allowed = headers.get("webhook-allowed-origin")?.trim();
  if (allowed !== "*" && allowed?.toLowerCase() !== origin.toLowerCase()) {
    const answer = allowed === undefined ? "no WebHook-Allowed-Origin" : `WebHook-Allowed-Origin "${allowed}"`;
    return { type: "refused", reason: `it answered OPTIONS with ${answer}; "${origin}" or "*" is consent` };
  }
  const rate = headers.get("webhook-allowed-rate")?.trim() ?? "*";
  return { type: "consented", allowedRate: /^[1-9]\d*$/.test(rate) ? Number(rate) : undefined };
}
