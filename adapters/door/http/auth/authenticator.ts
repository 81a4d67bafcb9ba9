/** Tells from a request who makes it. */

import { RefusedError } from "../../../../node/mod.ts";
import type { AuthConfig } from "./auth_config.ts";
import { JwtVerifier } from "./jwt_verifier.ts";
import { ANYONE, type Principal } from "./principal.ts";
import { createSecretDigest } from "./secret_digest.ts";
import type { TicketStore } from "./ticket_store.ts";
import { TokenTable } from "./token_table.ts";

/** Throws or rejects with `RefusedError` (`UNAUTHENTICATED`, `AUTH_UNAVAILABLE`). At once where it can be. */
export type Authenticator = (request: Request) => Principal | Promise<Principal>;

export interface AuthenticatorParts {
  readonly tickets: TicketStore;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
}

/** Whether the configuration asks clients who they are. */
export function authenticates({ tokens = [], jwt }: AuthConfig): boolean {
  return tokens.length > 0 || jwt !== undefined;
}

/**
 * Without tokens and JWTs everybody may do everything. Throws `RangeError` or `InvalidPatternError` for a configuration that
 * cannot be used.
 */
export function createAuthenticator(config: AuthConfig, { tickets, wall }: AuthenticatorParts): Authenticator {
  if (!authenticates(config)) return () => ANYONE;
  const digest = createSecretDigest();
  const tokens = new TokenTable(config.tokens ?? [], digest);
  const jwt = config.jwt && new JwtVerifier(config.jwt, { digest, wall });
  return (request) => {
    const token = readBearerToken(request.headers);
    if (token === undefined) return redeemTicket(request, tickets) ?? refuseMissing();
    const principal = tokens.find(token);
    if (principal !== undefined) return principal;
    if (jwt !== undefined && looksLikeJwt(token)) return jwt.verify(token);
    throw new RefusedError(
      "UNAUTHENTICATED",
      "Cannot use the token: it is not known here; send one of auth.tokens, or a JWT if auth.jwt is configured",
      { reason: "invalid" },
    );
  };
}

function readBearerToken(headers: Headers): string | undefined {
  const value = headers.get("authorization");
  if (value === null) return undefined;
  // RFC 9110 §11.1: the scheme is not case-sensitive.
  return /^bearer +(\S+) *$/i.exec(value)?.[1];
}

/** Only for streams, where a browser has no other way; else a URL would do what a header should. */
function redeemTicket({ method, url }: Request, tickets: TicketStore): Principal | undefined {
  if (method !== "GET" || !url.includes("ticket=")) return undefined;
  const { pathname, searchParams } = new URL(url);
  const ticket = searchParams.get("ticket");
  if (pathname !== "/v1/stream" || ticket === null) return undefined;
  const principal = tickets.redeem(ticket);
  if (principal !== undefined) return principal;
  throw new RefusedError(
    "UNAUTHENTICATED",
    "Cannot use the ticket: it is unknown, used, or older than a minute; get a new one with POST /v1/tickets",
    { reason: "invalid" },
  );
}

function refuseMissing(): never {
  throw new RefusedError(
    "UNAUTHENTICATED",
    "Cannot serve the request: it names nobody; send Authorization: Bearer <token>",
    { reason: "missing" },
  );
}

function looksLikeJwt(token: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token);
}
