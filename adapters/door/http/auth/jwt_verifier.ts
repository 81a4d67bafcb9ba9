/** Verifies JSON Web Tokens against the key set of their issuer. */

import type { JWTPayload, JWTVerifyGetKey } from "jose";

import { RefusedError } from "../../../../node/mod.ts";
import type { JwtConfig } from "./auth_config.ts";
import { toJwtPrincipal } from "./jwt_rights.ts";
import type { Principal } from "./principal.ts";
import type { SecretDigest } from "./secret_digest.ts";

export interface JwtVerifierOptions {
  readonly digest: SecretDigest;
  /** Milliseconds since 1970: the scale of `exp` and `nbf`. */
  readonly wall: () => number;
}

interface Verified {
  readonly principal: Principal;
  readonly untilWall: number;
}

/** Tokens remembered; a publisher sends the same one with every event, and a signature costs a hundred microseconds. */
const VERIFIED_MAX = 4096;
/** How long a verified token is believed without looking at it again: a key taken out of the set works no longer than this. */
const VERIFIED_MS = 60_000;
const CLOCK_TOLERANCE_MS = 5000;
/** Longest wait for the issuer's keys, ms. */
const KEYS_TIMEOUT_MS = 5000;
/** Only signatures: with a shared secret the node could make tokens itself, and "none" proves nothing. */
const ALGORITHMS = [
  "EdDSA",
  "Ed25519",
  "ES256",
  "ES384",
  "ES512",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
];

export class JwtVerifier {
  readonly #config: JwtConfig;
  readonly #options: JwtVerifierOptions;
  readonly #verified = new Map<string, Verified>();
  #keys: JWTVerifyGetKey | undefined;

  constructor(config: JwtConfig, options: JwtVerifierOptions) {
    this.#config = config;
    this.#options = options;
  }

  /**
   * Whose token this is; at once when it was verified lately. Rejects with `RefusedError` (`UNAUTHENTICATED`, or
   * `AUTH_UNAVAILABLE` when the issuer's keys cannot be fetched).
   */
  verify(token: string): Principal | Promise<Principal> {
    const key = this.#options.digest(token);
    const known = this.#verified.get(key);
    if (known !== undefined && this.#options.wall() < known.untilWall) return known.principal;
    return this.#verify(token, key);
  }

  async #verify(token: string, key: string): Promise<Principal> {
    const payload = await this.#readPayload(token);
    const principal = toJwtPrincipal(payload, this.#config);
    this.#remember(key, { principal, untilWall: this.#believableUntil(payload.exp) });
    return principal;
  }

  // jose is loaded with the first token: a node without JWTs never pays for it.
  async #readPayload(token: string): Promise<JWTPayload> {
    const { createRemoteJWKSet, errors, jwtVerify } = await import("jose");
    const { jwks, issuer, audience } = this.#config;
    this.#keys ??= createRemoteJWKSet(new URL(jwks), { timeoutDuration: KEYS_TIMEOUT_MS });
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        requiredClaims: ["exp"],
        clockTolerance: this.#toleranceMs / 1000,
        currentDate: new Date(this.#options.wall()),
      });
      return payload;
    } catch (error) {
      throw toRefusal(error, errors);
    }
  }

  #believableUntil(expiresAtSeconds: number | undefined): number {
    const soon = this.#options.wall() + VERIFIED_MS;
    return expiresAtSeconds === undefined ? soon : Math.min(soon, expiresAtSeconds * 1000 + this.#toleranceMs);
  }

  get #toleranceMs(): number {
    return this.#config.clockToleranceMs ?? CLOCK_TOLERANCE_MS;
  }

  #remember(key: string, verified: Verified): void {
    this.#verified.delete(key);
    if (this.#verified.size >= VERIFIED_MAX) this.#verified.delete(this.#verified.keys().next().value!);
    this.#verified.set(key, verified);
  }
}

function toRefusal(error: unknown, errors: typeof import("jose").errors): RefusedError {
  if (error instanceof errors.JWTExpired) {
    return refuse("its time is over (exp); get a new one", "expired", error);
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return refuse(`claim "${error.claim}" is missing or not what this node expects`, "invalid", error);
  }
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
    return refuse("its issuer has no key of that id now; get a new one", "invalid", error);
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return refuse("its signature is not the issuer's", "invalid", error);
  }
  if (isAboutTheToken(error, errors)) {
    return refuse("it is no signed JWT of a kind that this node takes", "invalid", error);
  }
  return new RefusedError(
    "AUTH_UNAVAILABLE",
    "Cannot check the token: the keys of its issuer cannot be fetched now; try again",
    {},
    error,
  );
}

function isAboutTheToken(error: unknown, errors: typeof import("jose").errors): boolean {
  return error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid ||
    error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported;
}

function refuse(problem: string, reason: "expired" | "invalid", cause: unknown): RefusedError {
  return new RefusedError("UNAUTHENTICATED", `Cannot use the token: ${problem}`, { reason }, cause);
}
