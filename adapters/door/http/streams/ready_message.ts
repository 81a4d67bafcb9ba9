/** What the first message of a stream says. */

import type { EventStream, WeftNode } from "../../../../node/mod.ts";
import type { StreamRequest } from "./stream_request.ts";

/** `cursor`: resuming there repeats nothing and misses nothing. `replay`: only this cluster's log is replayed. */
export function toReadyMessage(node: WeftNode, stream: EventStream, request: StreamRequest): Record<string, unknown> {
  return { cursor: stream.cursor, replay: "local", node: node.id, cluster: node.cluster, ...request.ready };
}
