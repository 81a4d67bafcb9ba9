/** Which cluster gets an event of a group that has members in several: the nearest, of equally near ones a fair share each. */

export interface GroupCandidate {
  readonly cluster: string;
  /** Cost of the way there. */
  readonly distance: number;
}

/** Rendezvous hashing (Thaler and Ravishankar 1998): the same key goes to the same cluster as long as that one is there. */
export function pickCluster(candidates: readonly GroupCandidate[], key: string): string | undefined {
  const nearest = Math.min(...candidates.map(({ distance }) => distance));
  let best: { cluster: string; weight: number } | undefined;
  for (const { cluster, distance } of candidates) {
    if (distance !== nearest) continue;
    const weight = hash(`${cluster}\0${key}`);
    const wins = best === undefined || weight > best.weight || (weight === best.weight && cluster < best.cluster);
    if (wins) best = { cluster, weight };
  }
  return best?.cluster;
}

/** FNV-1a with the finalizer of MurmurHash3. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
