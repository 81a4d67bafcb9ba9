/** Has clusters that are not neighbours say that they are there, so that when they were last seen is not only of their last news. */

import * as v from "valibot";

import { type Federation, knownCluster } from "../../federation/mod.ts";
import { ask } from "./ask.ts";

/** Asked at a time: a page of clusters. */
const ASKED_MAX = 256;
/** A neighbour that is gone is noticed within about this: who was heard later need not be asked. */
const FRESH_MS = 1000;

/** Resolves when all have answered, or a second has gone by: then `lastSeenMs` of those that did is small. */
export async function hearClusters(federation: Federation, clusters: readonly string[]): Promise<void> {
  const quiet = clusters.filter((cluster) => {
    const { reachable, lastSeenMs } = knownCluster(federation, cluster);
    return reachable && (lastSeenMs ?? Infinity) > FRESH_MS;
  });
  await Promise.all(
    quiet.slice(0, ASKED_MAX).map((cluster) =>
      ask(federation, cluster, { kind: "ping", body: {}, answer: v.unknown() })
    ),
  );
}
