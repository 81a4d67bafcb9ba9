/** How an HTTP sink is reached, taken from its subscription. */

import type { Subscription } from "../../../node/mod.ts";

export interface HttpSinkOptions {
  readonly url: string;
  readonly method: "POST" | "PUT" | "PATCH";
  /** Sent with every request; `sinkHeadersProblem` must find nothing in them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly mode: "binary" | "structured" | "batch";
  /** From the first byte of the request to the last of the answer, ms. */
  readonly timeoutMs: number;
  /** Signs requests as Standard Webhooks does. */
  readonly secret?: string;
  /** Sent as a Bearer token (RFC 6750). */
  readonly accessToken?: string;
  /** When the token ends, as the subscription says; explains a 401. */
  readonly accessTokenExpires?: string;
  /** Whether a 2xx answer that is an event is one. */
  readonly replies: boolean;
  readonly headerEncoding: "percent" | "raw";
  /** Name under which the sink consented to events (`WebHook-Request-Origin`). */
  readonly origin?: string;
}

/** `origin`: the node's name in the webhook handshake, if the sink was asked. */
export function toHttpSinkOptions(subscription: Subscription, origin: string | undefined): HttpSinkOptions {
  const { protocolsettings: settings, sink, sinkcredential } = subscription;
  if (sink === undefined) throw new TypeError(`Cannot push for subscription "${subscription.id}": it has no sink`);
  return {
    url: sink,
    method: settings.method,
    headers: settings.headers,
    mode: settings.mode,
    timeoutMs: settings.timeoutMs,
    secret: settings.secret,
    accessToken: sinkcredential?.accesstoken,
    accessTokenExpires: sinkcredential?.accesstokenexpiresutc,
    replies: settings.replies,
    headerEncoding: settings.headerEncoding,
    origin,
  };
}

// What frames the message, describes the event or proves its sender is not for a subscription to say.
const reservedHeaders =
  /^(ce-.*|webhook-.*|content-(type|length|encoding)|host|transfer-encoding|connection|keep-alive|upgrade|te|trailer|expect)$/i;

/** What is wrong with configured headers, with the name of the header; `undefined` if nothing is. */
export function sinkHeadersProblem(
  headers: Readonly<Record<string, string>>,
): { readonly header: string; readonly problem: string } | undefined {
  for (const [header, value] of Object.entries(headers)) {
    if (reservedHeaders.test(header)) return { header, problem: "the node sets this header itself; leave it out" };
    try {
      new Headers([[header, value]]);
    } catch {
      return { header, problem: "HTTP does not allow this name or value; use a token and printable Latin-1 text" };
    }
  }
  return undefined;
}
