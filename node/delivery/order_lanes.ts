/** One lane per ordering key: only the first event of a lane may be delivered. */

import type { CloudEvent } from "../event.ts";

/** The ordering key of an event: `partitionkey`, else `source` and `subject` (design G3). */
export function orderingKey({ attributes }: CloudEvent): string {
  const { partitionkey, source, subject } = attributes;
  return partitionkey !== undefined ? `k${partitionkey}` : `s${source}\0${subject ?? ""}`;
}

export class OrderLanes {
  readonly #lanes = new Map<string, number[]>();

  /** Puts a position at the end of its lane; whether it is the first there. */
  enter(key: string, position: number): boolean {
    const lane = this.#lanes.get(key);
    if (lane === undefined) {
      this.#lanes.set(key, [position]);
      return true;
    }
    lane.push(position);
    return lane.length === 1;
  }

  /** Takes a position out of its lane; answers the one that has become first by that, if any. */
  leave(key: string, position: number): number | undefined {
    const lane = this.#lanes.get(key);
    if (lane === undefined) return undefined;
    const at = lane.indexOf(position);
    if (at < 0) return undefined;
    lane.splice(at, 1);
    if (lane.length === 0) this.#lanes.delete(key);
    return at === 0 ? lane[0] : undefined;
  }
}
