/** Whether two nodes can be neighbours, by what they say of themselves. */

import type { Meet } from "./meet.ts";
import type { Reason } from "./reasons.ts";

type Identity = Pick<Meet, "federation" | "cluster" | "node" | "instance" | "versions">;

/** Names that differ in no more than two letters, and in no more than a third of them, are probably meant to be the same. */
const TYPO_EDITS_MAX = 2;
const TYPO_SHARE = 3;

/**
 * `undefined` when they can. The detail names both sides alike, since both operators read it. What only shows over time,
 * such as a second process of a known cluster, is judged elsewhere.
 */
export function judgeHello(mine: Identity, theirs: Identity): Reason | undefined {
  if (mine.instance === theirs.instance) {
    return { code: "SELF", detail: `node "${mine.node}" of cluster "${mine.cluster}" has met itself` };
  }
  if (mine.federation !== theirs.federation) return mismatch(mine, theirs);
  const [lowest, highest] = mine.versions;
  if (theirs.versions[0] > highest || theirs.versions[1] < lowest) return incompatible(mine, theirs);
  if (mine.cluster !== theirs.cluster) return undefined;
  return mine.node === theirs.node ? duplicate(mine) : unshared(mine, theirs);
}

function mismatch(mine: Identity, theirs: Identity): Reason {
  const edits = editsBetween(mine.federation, theirs.federation);
  const isTypo = edits <= TYPO_EDITS_MAX && edits * TYPO_SHARE <= mine.federation.length;
  return {
    code: "FEDERATION_MISMATCH",
    detail: `node "${mine.node}" is in federation "${mine.federation}", node "${theirs.node}" in ` +
      `"${theirs.federation}"; ` +
      (isTypo
        ? "one looks like a slip of the pen: correct federation.name there"
        : "give both the same federation.name if they are to be one mesh"),
  };
}

function incompatible(mine: Identity, theirs: Identity): Reason {
  const older = mine.versions[1] < theirs.versions[0] ? mine : theirs;
  return {
    code: "VERSION_INCOMPATIBLE",
    detail: `node "${mine.node}" speaks versions ${span(mine)} of the link protocol, node "${theirs.node}" ` +
      `${span(theirs)}; upgrade "${older.node}", one version at a time`,
  };
}

/** A copied data directory looks like a second node of the same name: only their operators know which it is. */
function duplicate(mine: Identity): Reason {
  return {
    code: "DUPLICATE_NODE",
    detail:
      `two processes run as node "${mine.node}" of cluster "${mine.cluster}": two nodes were given one name, or ` +
      "a data directory was copied; stop one of the two, or give it a node.id, a cluster and an empty data directory " +
      "of its own",
  };
}

function unshared(mine: Identity, theirs: Identity): Reason {
  return {
    code: "CLUSTER_NEEDS_SHARED_STORE",
    detail:
      `nodes "${mine.node}" and "${theirs.node}" both say that they are cluster "${mine.cluster}", but each has ` +
      "a store of its own; give each its own cluster, or all of them one shared store",
  };
}

function span({ versions: [lowest, highest] }: Identity): string {
  return lowest === highest ? String(lowest) : `${lowest} to ${highest}`;
}

/** Letters to insert, leave out, replace or swap with the next (optimal string alignment). */
function editsBetween(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, replaced);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[b.length];
}
