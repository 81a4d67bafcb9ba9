/** Whether two things say the same, where they are not one object. */

import type { FrameDestination } from "./link/codec/mod.ts";

export function isSameList<Item extends string | number>(a: readonly Item[], b: readonly Item[]): boolean {
  return a === b || (a.length === b.length && a.every((item, i) => item === b[i]));
}

/** Whether they are one cluster, and the same readers of it; what came before, `previous`, is not looked at. */
export function isSameDestination(
  a: Omit<FrameDestination, "previous">,
  b: Omit<FrameDestination, "previous">,
): boolean {
  return a.cluster === b.cluster && a.ungrouped === b.ungrouped && isSameList(a.groups, b.groups);
}
