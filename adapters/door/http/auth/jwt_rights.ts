/** What the claims of a verified JWT allow. */

import { RefusedError } from "../../../../node/mod.ts";
import type { JwtConfig } from "./auth_config.ts";
import { createPrincipal, type Principal } from "./principal.ts";

const CLAIMS = { publish: "weft_publish", subscribe: "weft_subscribe", admin: "weft_admin" };

/** Throws `RefusedError` (`UNAUTHENTICATED`) when a claim is not of its kind: rights must not depend on guesses. */
export function toJwtPrincipal(payload: Readonly<Record<string, unknown>>, config: JwtConfig): Principal {
  const names = { ...CLAIMS, ...config.claims };
  const words = toWords(payload, "scope");
  try {
    return createPrincipal({
      name: typeof payload.sub === "string" ? payload.sub : "token without sub",
      publish: [...toWords(payload, names.publish), ...fromScope(words, "publish")],
      subscribe: [...toWords(payload, names.subscribe), ...fromScope(words, "subscribe")],
      admin: payload[names.admin] === true || words.includes("weft:admin"),
    });
  } catch (error) {
    throw error instanceof RefusedError ? error : unusable((error as Error).message);
  }
}

function toWords(payload: Readonly<Record<string, unknown>>, claim: string): string[] {
  const value = payload[claim];
  if (value === undefined) return [];
  if (typeof value === "string") return value.split(" ").filter((word) => word !== "");
  if (Array.isArray(value) && value.every((word) => typeof word === "string")) return value;
  throw unusable(`claim "${claim}" is neither a list of texts nor one text`);
}

function fromScope(words: readonly string[], action: "publish" | "subscribe"): string[] {
  const prefix = `weft:${action}`;
  return words.flatMap((word) => {
    if (word === prefix) return [">"];
    return word.startsWith(`${prefix}:`) ? [word.slice(prefix.length + 1)] : [];
  });
}

function unusable(problem: string): RefusedError {
  return new RefusedError("UNAUTHENTICATED", `Cannot use the token: ${problem}; let its issuer correct it`, {
    reason: "invalid",
  });
}
