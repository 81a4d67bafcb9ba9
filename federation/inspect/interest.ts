/** What each cluster wants, and how that was summarised. */

import type { Federation } from "../federation.ts";
import type { ToldWant } from "../routing/interest/mod.ts";
import { knownClusters } from "./clusters.ts";

export interface ClusterInterest {
  readonly cluster: string;
  readonly version: number;
  /** Wants that it told, and for how many of its own those stand. */
  readonly told: number;
  readonly standsFor: number;
  /** What it told, by pattern. */
  readonly wants: readonly ToldWant[];
}

/** In order of cluster, this one among them. */
export function listInterest(federation: Federation): ClusterInterest[] {
  return knownClusters(federation).map((cluster) => toInterest(federation, cluster));
}

function toInterest({ self, interest, records }: Federation, cluster: string): ClusterInterest {
  const wants = cluster === self ? interest.summary : interest.remote.wantsOf(cluster);
  const standsFor = wants.reduce((sum, { collapsed = 1 }: ToldWant) => sum + collapsed, 0);
  return { cluster, version: records.versionOf(cluster, "interest"), told: wants.length, standsFor, wants };
}
