/** A node as federation sees it. */

import type { LocalCluster, Want } from "../../federation/mod.ts";
import { isSystemTopic, type LocalWant, type WeftNode } from "../../node/mod.ts";

export function createLocalCluster(node: WeftNode): LocalCluster {
  let told: readonly LocalWant[] = [];
  let wants: readonly Want[] = [];
  return {
    node: node.id,
    cluster: node.cluster,
    wants() {
      const now = node.wants();
      if (now !== told) [told, wants] = [now, now.map(toWant)];
      return wants;
    },
    watchWants: (listener) => void node.watchWants(listener),
    judge: (arrivals, done) => node.judge(arrivals, done),
    travels: ({ topic }) => !isSystemTopic(topic),
  };
}

function toWant({ pattern, source, types, group, groupKey, durable }: LocalWant): Want {
  const filter = source === undefined && types === undefined ? undefined : { source, types };
  return { pattern, filter, group, groupKey, durable };
}
