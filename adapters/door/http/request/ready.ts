/** `?ready=mesh`: answer only when every reachable cluster knows of the interest. */

import type { DoorContext } from "../door_context.ts";
import { type Query, readChoice } from "./query.ts";

/** Beside in an answer: the clusters that do not know of the interest yet. Nothing unless it was asked for. */
export interface MeshReady {
  readonly missing?: readonly string[];
}

/** A cluster that has not said so by then is named as missing. */
const READY_TIMEOUT_MS = 10_000;

/** Whether the client wants to wait for the mesh. Throws `RefusedError` (`INVALID_PARAMETER`). */
export function readReady(query: Query): boolean {
  return readChoice(query, "ready", ["local", "mesh"]) === "mesh";
}

/** Waits, once the interest is in place here. A node that is the whole mesh is ready at once. */
export async function awaitReady({ federation }: DoorContext, wanted: boolean): Promise<MeshReady> {
  if (!wanted) return {};
  if (federation === undefined) return { missing: [] };
  return await new Promise((resolve) => federation.whenReady(READY_TIMEOUT_MS, (missing) => resolve({ missing })));
}
