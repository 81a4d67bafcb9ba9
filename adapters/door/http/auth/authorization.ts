/** Middleware that names the principal of a request and refuses what its scopes do not allow. */

import type { MiddlewareHandler } from "hono";

import type { DoorEnv } from "../door_context.ts";
import type { Authenticator } from "./authenticator.ts";
import { ANYONE, requireScope } from "./principal.ts";
import { requiredScope } from "./required_scope.ts";

export interface AuthorizationOptions {
  /** Whether the door listens on loopback alone: metrics and the API's description are open there. */
  readonly onLoopback: boolean;
}

/**
 * Sets `principal` for every route but those that publish, which ask the authenticator themselves: they are the hot path.
 * Throws `RefusedError` (`UNAUTHENTICATED`, `FORBIDDEN`). Whether a principal may subscribe to what a body names is for the
 * route to check, with `requireScope()`.
 */
export function authorization(
  authenticate: Authenticator,
  { onLoopback }: AuthorizationOptions,
): MiddlewareHandler<DoorEnv> {
  return async (c, next) => {
    const scope = requiredScope(c.req.method, c.req.path);
    if (scope === "publish") return await next();
    if (scope === "open" || (scope === "openOnLoopback" && onLoopback)) {
      // Such a route does nothing that depends on who asks.
      c.set("principal", ANYONE);
      return await next();
    }
    const principal = await authenticate(c.req.raw);
    if (scope === "admin") requireScope(principal, "admin");
    if (scope === "browse") requireScope(principal, "subscribe", c.req.query("topic") || ">");
    c.set("principal", principal);
    await next();
  };
}
