/** A filter that cannot be used. */

import { RefusedError } from "../errors.ts";

/** Names the filter at fault by its path in the request, and the 0-based position of a mistake in an expression. */
export class FilterError extends RefusedError {
  readonly path: string;
  readonly position: number | undefined;

  constructor(path: string, problem: string, position?: number, cause?: unknown) {
    const fields = position === undefined ? { path } : { path, position };
    super("INVALID_FILTER", `Cannot use filter "${path}": ${problem}`, fields, cause);
    this.path = path;
    this.position = position;
  }
}
