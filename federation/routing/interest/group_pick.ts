/** Which cluster gets an event of a group that has members in several: the nearest, of equally near ones a fair share each. */

import { hashText } from "./text_hash.ts";

export interface GroupCandidate {
  readonly cluster: string;
  /** Cost of the way there. */
  readonly distance: number;
  /** Share of the keys, against candidates that are as near: a whole number from 1 to 64. Default 1. */
  readonly weight?: number;
}

const WEIGHT_MAX = 64;

/**
 * Rendezvous hashing (Thaler and Ravishankar 1998): a key goes to the same cluster as long as that one is there, and to
 * another only when it is gone. `undefined`: there is no candidate. A candidate of weight n takes part n times, which
 * needs no logarithm: those differ between runtimes.
 */
export function pickCluster(candidates: readonly GroupCandidate[], key: string): string | undefined {
  let nearest = Infinity;
  for (const { distance } of candidates) nearest = Math.min(nearest, distance);
  let best: { readonly cluster: string; readonly score: number } | undefined;
  for (const { cluster, distance, weight = 1 } of candidates) {
    if (distance !== nearest) continue;
    const score = scoreOf(cluster, key, Math.min(weight, WEIGHT_MAX));
    const wins = best === undefined || score > best.score || (score === best.score && cluster < best.cluster);
    if (wins) best = { cluster, score };
  }
  return best?.cluster;
}

function scoreOf(cluster: string, key: string, weight: number): number {
  let score = 0;
  for (let i = 0; i < weight; i++) score = Math.max(score, hashText(`${i} ${cluster} ${key}`));
  return score;
}
