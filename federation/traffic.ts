/** Which lane an event takes, and whether it is in custody on its way. */

import { patternMatches } from "../node/mod.ts";
import type { Lane } from "./link/codec/mod.ts";
import type { TrafficRule } from "./options.ts";

/** Those that events travel in, the usual one first. */
export const EVENT_LANES = ["normal", "high", "bulk"] as const satisfies readonly Lane[];

/** The first rule that fits holds; without one it is `normal`. */
export function laneOf(rules: readonly TrafficRule[], topic: string): Lane {
  return ruleFor(rules, topic)?.lane ?? "normal";
}

/** Without a rule that says so it is in custody. */
export function isBestEffort(rules: readonly TrafficRule[], topic: string): boolean {
  return ruleFor(rules, topic)?.class === "best-effort";
}

function ruleFor(rules: readonly TrafficRule[], topic: string): TrafficRule | undefined {
  return rules.find(({ pattern }) => patternMatches(pattern, topic));
}
