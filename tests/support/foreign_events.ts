/** Puts events of other clusters into the store of a test node, as federation does. */

import { type Audience, encodeRecord, type EventOrigin } from "../../node/mod.ts";
import { anEvent, type EventOverrides } from "./events.ts";
import type { TestNode } from "./test_node.ts";

export const UNGROUPED: Audience = { ungrouped: true, groups: [] };
export const IN_TRANSIT: Audience = { ungrouped: false, groups: [] };

export interface ForeignOverrides extends EventOverrides {
  /** Default `UNGROUPED`. */
  readonly audience?: Audience;
  readonly origin?: Partial<EventOrigin>;
  readonly ttlMs?: number;
}

let sequences = 0;

/** Resolves once the event is stored, with its position. */
export async function arrive({ node }: TestNode, overrides: ForeignOverrides = {}): Promise<number> {
  const { audience = UNGROUPED, origin, ttlMs = 0, ...event } = overrides;
  const entry = { event: anEvent(event), topic: event.type ?? "order.placed", ttlMs };
  const { position } = await node.store.commit([{
    ...entry,
    record: encodeRecord(entry),
    audience,
    origin: { cluster: "lyon", epoch: 7, sequence: ++sequences, ...origin },
  }]);
  return position;
}
