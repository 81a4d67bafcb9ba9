/** What the node says of itself, as CloudEvents on `weft-system.>`: subscribe to trouble like to anything else. */

import type { Submission } from "./accept/acceptor.ts";
import { createEvent } from "./codec/mod.ts";

export type SystemEventType =
  | "weft-system.dead-letter"
  | "weft-system.subscription.paused"
  | "weft-system.store.full"
  | "weft-system.link.up"
  | "weft-system.link.down"
  | "weft-system.link.damped"
  | "weft-system.cluster.found"
  | "weft-system.cluster.lost"
  | "weft-system.cluster.left"
  | "weft-system.park.high"
  | "weft-system.park.full"
  | "weft-system.mesh.warning";

/** A system event ready to be accepted. `at`: wall clock, ms since 1970; `data` must be JSON. */
export function toSystemEvent(
  type: SystemEventType,
  details: { node: string; at: number; data: Record<string, unknown> },
): Submission {
  const event = createEvent({
    attributes: {
      id: crypto.randomUUID(),
      source: `/nodes/${details.node}`,
      type,
      time: new Date(details.at).toISOString(),
      datacontenttype: "application/json",
    },
    data: new TextEncoder().encode(JSON.stringify(details.data)),
    dataForm: "json",
  });
  return { topic: type, event };
}
