/**
 * Who makes a request, and what that one may do: bearer tokens from the configuration, JSON Web Tokens of an issuer, and
 * tickets for streams.
 *
 * @module
 */

export { type AuthConfig, type JwtConfig, type TokenConfig } from "./auth_config.ts";
export { authenticates, type Authenticator, createAuthenticator } from "./authenticator.ts";
export { authorization, type AuthorizationOptions } from "./authorization.ts";
export { type Action, ANYONE, createPrincipal, type Principal, requireScope, type Rights } from "./principal.ts";
export { type RequiredScope, requiredScope } from "./required_scope.ts";
export { ticketRoutes } from "./ticket_routes.ts";
export { type MintedTicket, TICKET_LIFE_MS, TicketStore } from "./ticket_store.ts";
