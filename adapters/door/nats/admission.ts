/** Who a NATS client is: from what it says with CONNECT to what it may do. */

import { createHash, timingSafeEqual } from "node:crypto";

import { RefusedError } from "../../../node/mod.ts";
import { ANYONE, type Authenticator, createPrincipal, type Principal } from "../http/auth/mod.ts";
import type { ConnectOptions } from "./connect_options.ts";
import { isSignedBy, parseUserKey } from "./nkey.ts";

/** A user who proves with a signature that it holds a key; the node knows only the public half. */
export interface NkeyConfig {
  /** The public key, `U…`. */
  readonly nkey: string;
  /** For logs. Default: the beginning of the key. */
  readonly name?: string;
  readonly publish?: readonly string[];
  readonly subscribe?: readonly string[];
}

export interface AdmissionOptions {
  /** The HTTP door's: bearer tokens and JWTs. `undefined`: everybody may do everything. */
  readonly authenticate: Authenticator | undefined;
  readonly nkeys: readonly NkeyConfig[];
  /** The shared secret of links. */
  readonly federationToken: string | undefined;
}

/** Why somebody was not let in. Stable, for metrics. */
export type RefusalReason = "missing" | "token" | "password" | "nkey" | "unavailable" | "timeout" | "link";

export type Admission =
  | { readonly type: "client"; readonly principal: Principal }
  | { readonly type: "link" }
  | { readonly type: "refused"; readonly reason: RefusalReason; readonly detail: string };

export interface Caller {
  readonly connect: ConnectOptions;
  /** What an NKey has to sign. */
  readonly nonce: string | undefined;
  readonly onLoopback: boolean;
}

export const LINK_USER = "weft-link";

interface KnownKey {
  readonly bytes: Uint8Array;
  readonly principal: Principal;
}

export class Admissions {
  readonly #options: AdmissionOptions;
  readonly #keys = new Map<string, KnownKey>();

  /** Throws `RangeError` for a key that is none, `InvalidPatternError` for a pattern that is none. */
  constructor(options: AdmissionOptions) {
    this.#options = options;
    for (const { nkey, name, publish = [], subscribe = [] } of options.nkeys) {
      const bytes = parseUserKey(nkey);
      if (bytes === undefined) {
        throw new RangeError(
          `Cannot use NKey "${nkey}": it is no public key of a user; give the text that begins with U`,
        );
      }
      const rights = { name: name ?? nkey.slice(0, 8), publish, subscribe, admin: false };
      this.#keys.set(nkey, { bytes, principal: createPrincipal(rights) });
    }
  }

  /** Whether a client must say who it is before anything else. */
  get required(): boolean {
    return this.#options.authenticate !== undefined || this.#keys.size > 0;
  }

  get usesNkeys(): boolean {
    return this.#keys.size > 0;
  }

  /** At once where it can be. Rejects with what is no matter of credentials. */
  admit({ connect, nonce, onLoopback }: Caller): Admission | Promise<Admission> {
    if (connect.user === LINK_USER) return this.#admitLink(connect.password ?? "", onLoopback);
    if (!this.required) return { type: "client", principal: ANYONE };
    if (connect.nkey !== undefined) return this.#admitKey(connect.nkey, connect.signature ?? "", nonce);
    if (connect.token !== undefined) return this.#admitToken(connect.token, undefined);
    if (connect.password !== undefined) return this.#admitToken(connect.password, connect.user ?? "");
    return refused("missing", "it sent no credentials");
  }

  #admitLink(password: string, onLoopback: boolean): Admission {
    const token = this.#options.federationToken;
    if (!isSameSecret(password, token ?? "")) {
      const mistake = token === undefined
        ? "it has a federation.token, this node has none"
        : "its federation.token differs";
      return refused("link", `${mistake}; give all nodes of the federation the same`);
    }
    if (token !== undefined || onLoopback) return { type: "link" };
    return refused("link", "it is on another machine; set federation.token on all nodes of the federation");
  }

  #admitKey(nkey: string, signature: string, nonce: string | undefined): Admission {
    const known = this.#keys.get(nkey);
    if (known === undefined) return refused("nkey", "its NKey is not known here");
    if (nonce === undefined || !isSignedBy(known.bytes, nonce, signature)) {
      return refused("nkey", "its signature does not fit its NKey");
    }
    return { type: "client", principal: known.principal };
  }

  /** `user`: the name that the token must have; `undefined`: any. */
  #admitToken(token: string, user: string | undefined): Admission | Promise<Admission> {
    const { authenticate } = this.#options;
    const reason = user === undefined ? "token" : "password";
    const judge = (principal: Principal): Admission =>
      user === undefined || user === principal.name
        ? { type: "client", principal }
        : refused(reason, `the password is not that of "${user.slice(0, 64)}"; a token's name is the user`);
    const fail = (error: unknown): Admission => {
      if (!(error instanceof RefusedError)) throw error;
      return refused(error.code === "AUTH_UNAVAILABLE" ? "unavailable" : reason, error.message);
    };
    if (authenticate === undefined || !isHeaderToken(token)) return refused(reason, "its token is not known here");
    try {
      const request = new Request("http://nats.invalid/", { headers: { authorization: `Bearer ${token}` } });
      const principal = authenticate(request);
      return principal instanceof Promise ? principal.then(judge).catch(fail) : judge(principal);
    } catch (error) {
      return fail(error);
    }
  }
}

function refused(reason: RefusalReason, detail: string): Admission {
  return { type: "refused", reason, detail };
}

/** What a header can carry; nothing else was ever configured as a token. */
function isHeaderToken(token: string): boolean {
  return /^[\x21-\x7e]+$/.test(token);
}

/** Over digests, so that the time tells neither length nor beginning. */
function isSameSecret(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
