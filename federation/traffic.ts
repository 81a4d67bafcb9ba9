/** Which lane an event takes. */

import { patternMatches } from "../node/mod.ts";
import type { Lane } from "./link/codec/mod.ts";
import type { TrafficRule } from "./options.ts";

/** The first rule that fits holds; without one it is `normal`. */
export function laneOf(rules: readonly TrafficRule[], topic: string): Lane {
  return rules.find(({ pattern }) => patternMatches(pattern, topic))?.lane ?? "normal";
}
