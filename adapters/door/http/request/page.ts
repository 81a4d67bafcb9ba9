/** Lists that are at hand, a page at a time. */

import { type Query, readLimit } from "./query.ts";

export interface Page<T> {
  readonly entries: readonly T[];
  /** Key of the last entry, when more follow. */
  readonly next: string | null;
}

/** `all` is in the order of its keys. */
export function toPage<T>(all: readonly T[], keyOf: (entry: T) => string, query: Query): Page<T> {
  const limit = readLimit(query);
  const after = query("after");
  const rest = after === undefined ? all : all.filter((entry) => keyOf(entry) > after);
  const entries = rest.slice(0, limit);
  return { entries, next: rest.length > limit ? keyOf(entries[limit - 1]) : null };
}
