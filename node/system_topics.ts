/** Topics of the node's own: trouble is published like anything else, but nobody gets it who did not ask for it. */

import { patternMatches } from "./topic.ts";

export const SYSTEM_PREFIX = "weft-system.";

/** Whether events of that topic are the node's own; a publisher may not use them. */
export function isSystemTopic(topic: string): boolean {
  return topic.startsWith(SYSTEM_PREFIX) || topic === "weft-system";
}

/** Whether a pattern asks for system events by name. A leading wildcard does not, as with `$SYS` of NATS and `$SYS/` of MQTT. */
export function isSystemPattern(pattern: string): boolean {
  return isSystemTopic(pattern);
}

/** Whether a reader of `pattern` gets events of `topic`. Both must be valid. */
export function patternWants(pattern: string, topic: string): boolean {
  return patternMatches(pattern, topic) && (!isSystemTopic(topic) || isSystemPattern(pattern));
}
