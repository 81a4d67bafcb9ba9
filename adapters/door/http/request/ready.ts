/** `?ready=mesh`: answer only when every reachable cluster knows of the interest. */

import { type Query, readChoice } from "./query.ts";

/**
 * What the answer says beside: the clusters that do not know it yet. A node that is the whole mesh knows all it needs when
 * the interest is in place. Nothing unless it was asked for. Throws `RefusedError` (`INVALID_PARAMETER`).
 */
export function readReady(query: Query): { readonly missing?: readonly string[] } {
  return readChoice(query, "ready", ["local", "mesh"]) === "mesh" ? { missing: [] } : {};
}
