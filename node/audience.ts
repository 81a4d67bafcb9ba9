/** For whom in a cluster an event is, asked by who reads the log. */

import type { Audience } from "./event_store.ts";

/** Who reads. */
export interface Reader {
  /** Name of the consumer group that it reads for; without: a reader of its own. */
  readonly group?: string;
  /** It wants only what was accepted in this cluster. */
  readonly ownOnly?: boolean;
}

/** An event in transit: this cluster only passes it on. */
export function isForNobody(audience: Audience): boolean {
  return audience !== "everybody" && !audience.ungrouped && audience.groups.length === 0;
}

export function isForReader(audience: Audience, { group, ownOnly }: Reader): boolean {
  if (audience === "everybody") return true;
  if (ownOnly) return false;
  return group === undefined ? audience.ungrouped : audience.groups.includes(group);
}

export function isSameAudience(a: Audience, b: Audience): boolean {
  if (a === b) return true;
  if (a === "everybody" || b === "everybody" || a.ungrouped !== b.ungrouped) return false;
  return a.groups === b.groups ||
    (a.groups.length === b.groups.length && a.groups.every((name, i) => name === b.groups[i]));
}
