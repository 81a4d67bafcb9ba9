/** The configured bearer tokens, found without comparing secrets as text. */

import { timingSafeEqual } from "node:crypto";

import type { TokenConfig } from "./auth_config.ts";
import { createPrincipal, type Principal } from "./principal.ts";
import type { SecretDigest } from "./secret_digest.ts";

interface Entry {
  readonly digest: Uint8Array;
  readonly principal: Principal;
}

export class TokenTable {
  readonly #digest: SecretDigest;
  readonly #entries = new Map<string, Entry>();

  /** Throws `RangeError` for a token that is empty or there twice, `InvalidPatternError` for a pattern that is none. */
  constructor(tokens: readonly TokenConfig[], digest: SecretDigest) {
    this.#digest = digest;
    for (const [index, token] of tokens.entries()) this.#add(token, index);
  }

  /** Whose token this is. */
  find(token: string): Principal | undefined {
    const digest = this.#digest(token);
    const entry = this.#entries.get(digest);
    if (entry === undefined || !timingSafeEqual(entry.digest, Buffer.from(digest))) return undefined;
    return entry.principal;
  }

  #add({ name, token, publish = [], subscribe = [], admin = false }: TokenConfig, index: number): void {
    const path = `auth.tokens[${index}]`;
    // RFC 6750 §2.1: what a Bearer header can carry.
    if (!/^[A-Za-z0-9\-._~+/]+=*$/.test(token)) {
      throw new RangeError(`Cannot use ${path}.token: it is empty or has characters that a Bearer header cannot carry`);
    }
    const digest = this.#digest(token);
    if (this.#entries.has(digest)) {
      throw new RangeError(`Cannot use ${path}.token: another entry has the same; give each its own`);
    }
    const principal = createPrincipal({ name: name ?? `token-${index + 1}`, publish, subscribe, admin });
    this.#entries.set(digest, { digest: Buffer.from(digest), principal });
  }
}
