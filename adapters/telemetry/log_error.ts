/** Logs an error that nobody waits for. */

import { StoreFullError } from "../../node/mod.ts";

import type { Logger } from "./logger.ts";

/**
 * A line that says what went wrong; where it came from stands beside it, as the property `error`. A full store is no
 * mistake of this program: a warning without that says it.
 */
export function logError(log: Logger, error: unknown, level: "error" | "fatal" = "error"): void {
  if (error instanceof StoreFullError) log.warn(escapeBraces(error.message), { code: "STORE_FULL" });
  else log[level](escapeBraces(String(error)), { error });
}

/** Braces would stand for values. */
function escapeBraces(text: string): string {
  return text.replace(/[{}]/g, "$&$&");
}
