/** Logs an error that nobody waits for. */

import type { Logger } from "./logger.ts";

/** A line that says what went wrong; where it came from stands beside it, as the property `error`. */
export function logError(log: Logger, error: unknown, level: "error" | "fatal" = "error"): void {
  // Braces would stand for values.
  log[level](String(error).replace(/[{}]/g, "$&$&"), { error });
}
