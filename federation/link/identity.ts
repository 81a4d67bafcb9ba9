/** Who this process is to its neighbours. */

import type { LocalCluster } from "../local_cluster.ts";
import type { FederationOptions } from "../options.ts";
import type { Meet } from "./codec/mod.ts";

/** Versions of the link protocol that this program speaks. */
const VERSIONS: Meet["versions"] = [1, 1];

export function toIdentity(
  { cluster, node }: Pick<LocalCluster, "cluster" | "node">,
  epoch: number,
  { name, instance, url }: Pick<FederationOptions, "name" | "instance" | "url">,
): Meet {
  return { federation: name, cluster, node, epoch, instance, versions: VERSIONS, url };
}
