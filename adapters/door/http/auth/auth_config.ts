/** What authentication is configured with: the `auth` part of the configuration. */

/** A secret that a client sends as `Authorization: Bearer …`, and what it may do. */
export interface TokenConfig {
  /** Shown in logs and refusals instead of the secret. Default: `token-<place in the list>`. */
  readonly name?: string;
  readonly token: string;
  /** Patterns that the topics must fit. Default: none. */
  readonly publish?: readonly string[];
  /** Patterns that cover what may be subscribed to. Default: none. */
  readonly subscribe?: readonly string[];
  /** Dead letters, seek, backup, configuration. Default: no. */
  readonly admin?: boolean;
}

/**
 * JSON Web Tokens of an issuer. Rights come from the claims `weft_publish` and `weft_subscribe` (patterns, as an array or
 * separated by spaces) and `weft_admin` (boolean), and from the words of `scope` (RFC 8693 §4.2): `weft:publish:<pattern>`,
 * `weft:subscribe:<pattern>`, `weft:publish` and `weft:subscribe` (everything), `weft:admin`. Both add up.
 */
export interface JwtConfig {
  /** Where the issuer's keys are (RFC 7517 JWK Set). */
  readonly jwks: string;
  /** `iss` must be this. */
  readonly issuer: string;
  /** `aud` must be, or contain, this. */
  readonly audience: string;
  /** How far the clocks of issuer and node may differ, ms. Higher accepts expired tokens longer. Default 5,000. */
  readonly clockToleranceMs?: number;
  /** Names of the claims, for an issuer that cannot use ours. */
  readonly claims?: { readonly publish?: string; readonly subscribe?: string; readonly admin?: string };
}

export interface AuthConfig {
  readonly tokens?: readonly TokenConfig[];
  readonly jwt?: JwtConfig;
}
