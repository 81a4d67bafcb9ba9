/** Topics of the node's own: trouble is published like anything else, but nobody gets it who did not ask for it. */

export const SYSTEM_PREFIX = "weft-system.";

/** Whether events of that topic are the node's own; a publisher may not use them. */
export function isSystemTopic(topic: string): boolean {
  return topic.startsWith(SYSTEM_PREFIX) || topic === "weft-system";
}

/** Whether a pattern asks for system events by name. A leading wildcard does not, as with `$SYS` of NATS and `$SYS/` of MQTT. */
export function isSystemPattern(pattern: string): boolean {
  return isSystemTopic(pattern);
}
