/** Which web pages may talk to the node: those of its own origin, and those that the configuration names (CORS). */

import { RefusedError } from "../../../../node/mod.ts";

export interface OriginPolicyOptions {
  /** `cors.origins`: scheme, host and port, such as `https://shop.example`; `*` is every page. */
  readonly allowedOrigins: readonly string[];
}

/** What is to be done about a request, as far as its origin goes. */
export type OriginVerdict =
  | { readonly type: "pass" }
  /** Serve it and let that origin read the answer. */
  | { readonly type: "share"; readonly origin: string }
  /** Answer the browser's question whether the real request may be sent. */
  | { readonly type: "preflight"; readonly origin: string };

const PASS: OriginVerdict = { type: "pass" };

/** How long a browser may remember the answer to a preflight, s; Chromium does not go beyond two hours. */
const PREFLIGHT_SECONDS = 7200;
/** Headers of answers that pages may read beside the ones that they always may. */
const EXPOSED_HEADERS = "Allow, Location, Retry-After, WWW-Authenticate";

/**
 * Browsers send cross-origin posts and WebSocket handshakes without asking, and only hide the answer. On a node without
 * authentication that would let any page publish and read, so a foreign origin is refused, not just left unanswered.
 */
export class OriginPolicy {
  readonly #allowed: ReadonlySet<string>;
  readonly #everybody: boolean;

  constructor({ allowedOrigins }: OriginPolicyOptions) {
    this.#allowed = new Set(allowedOrigins.map((origin) => origin.toLowerCase().replace(/\/$/, "")));
    this.#everybody = this.#allowed.has("*");
  }

  /** Throws `RefusedError` (`ORIGIN_NOT_ALLOWED`). */
  judge(request: Request): OriginVerdict {
    const origin = request.headers.get("origin");
    if (origin === null) return PASS;
    if (this.#everybody || this.#allowed.has(origin.toLowerCase())) {
      // The answer to a WebSocket handshake is the runtime's own, and browsers ask nothing of its headers.
      if (request.headers.has("upgrade")) return PASS;
      const asks = request.method === "OPTIONS" && request.headers.has("access-control-request-method");
      return { type: asks ? "preflight" : "share", origin };
    }
    if (isSameOrigin(origin, request)) return PASS;
    throw new RefusedError(
      "ORIGIN_NOT_ALLOWED",
      `Cannot serve the page at ${
        JSON.stringify(origin.slice(0, 100))
      }: it is of another origin; add it to cors.origins ` +
        "if it is yours",
    );
  }
}

/** The answer to a preflight. */
export function toPreflightAnswer(request: Request, origin: string): Response {
  const wanted = request.headers.get("access-control-request-headers");
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-origin": origin,
      "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
      ...(wanted === null ? {} : { "access-control-allow-headers": wanted }),
      "access-control-max-age": String(PREFLIGHT_SECONDS),
      vary: "Origin, Access-Control-Request-Headers",
    },
  });
}

/** The answer, readable for pages of that origin. */
export function shareWith(origin: string, response: Response): Response {
  const { headers } = response;
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-expose-headers", EXPOSED_HEADERS);
  headers.append("vary", "Origin");
  return response;
}

// The scheme is left out: behind a proxy that ends TLS the node sees http where the page was loaded with https.
function isSameOrigin(origin: string, request: Request): boolean {
  const host = request.headers.get("host") ?? new URL(request.url).host;
  return origin.toLowerCase().replace(/^https?:\/\//, "") === host.toLowerCase();
}
