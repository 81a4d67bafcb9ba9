/** What each cluster wants, and how that was summarised. */

import type { Federation } from "../federation.ts";
import type { ToldWant } from "../routing/interest/mod.ts";
import type { DisputedGroup } from "../routing/group_conflicts.ts";

export interface ClusterInterest {
  readonly cluster: string;
  readonly version: number;
  /** Wants that it told, and for how many of its own those stand. */
  readonly told: number;
  readonly standsFor: number;
  /** What it told, by pattern. */
  readonly wants: readonly ToldWant[];
  /** Its groups that other clusters define otherwise: each definition gets its own copy of the events. */
  readonly conflicts: readonly ClusterConflict[];
}

export interface ClusterConflict {
  readonly group: string;
  /** Pattern of the definition that this cluster has. */
  readonly pattern: string;
  readonly others: readonly { readonly pattern: string; readonly clusters: readonly string[] }[];
}

/** Of each of these clusters, when it is asked for: there may be thousands of wants in one. */
export function* eachInterest(federation: Federation, clusters: readonly string[]): Generator<ClusterInterest> {
  const disputed = federation.groups.disputed();
  for (const cluster of clusters) yield toInterest(federation, cluster, disputed);
}

function toInterest(
  { self, interest, records }: Federation,
  cluster: string,
  disputed: readonly DisputedGroup[],
): ClusterInterest {
  const wants = cluster === self ? interest.summary : interest.remote.wantsOf(cluster);
  const standsFor = wants.reduce((sum, { collapsed = 1 }: ToldWant) => sum + collapsed, 0);
  const conflicts = disputed.flatMap((group) => conflictsOf(group, cluster));
  return { cluster, version: records.versionOf(cluster, "interest"), told: wants.length, standsFor, wants, conflicts };
}

function conflictsOf({ group, definitions }: DisputedGroup, cluster: string): ClusterConflict[] {
  return definitions.filter(({ clusters }) => clusters.includes(cluster)).map((own) => ({
    group,
    pattern: own.pattern,
    others: definitions.filter((other) => other !== own).map(({ pattern, clusters }) => ({ pattern, clusters })),
  }));
}
