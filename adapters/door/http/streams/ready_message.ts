/** What the first message of a stream says. */

import type { EventStream, WeftNode } from "../../../../node/mod.ts";
import type { MeshReady } from "../request/mod.ts";

/** `cursor`: resuming there repeats nothing and misses nothing. `replay`: only this cluster's log is replayed. */
export function toReadyMessage(node: WeftNode, stream: EventStream, ready: MeshReady): Record<string, unknown> {
  return { cursor: stream.cursor, replay: "local", node: node.id, cluster: node.cluster, ...ready };
}
