/** Checks a pattern that a request names. */

import { RefusedError } from "./errors.ts";
import { parsePattern } from "./topic.ts";

/** Throws `RefusedError` (`INVALID_PATTERN`); `path` is where in the request the pattern stands. */
export function requirePattern(pattern: string, path: string): void {
  try {
    parsePattern(pattern);
  } catch (error) {
    throw new RefusedError("INVALID_PATTERN", (error as Error).message, { path }, error);
  }
}
