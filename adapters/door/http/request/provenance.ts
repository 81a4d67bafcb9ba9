/** Who answered, and when: every answer about the state of a node says so. */

import type { DoorContext } from "../door_context.ts";

export interface Provenance {
  readonly node: string;
  readonly cluster: string;
  /** RFC 3339. */
  readonly at: string;
}

export function provenance({ node, clock }: Pick<DoorContext, "node" | "clock">): Provenance {
  return { node: node.id, cluster: node.cluster, at: new Date(clock.wall()).toISOString() };
}
