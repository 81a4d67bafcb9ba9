/**
 * What a neighbour should not get now: it says for which destinations it holds too much already. Those wait by themselves,
 * so that frames are built of the others, and go on in their order once the neighbour names them no longer.
 */

import type { Congested, Lane } from "../link/codec/mod.ts";
import { ShipmentQueue } from "./queue.ts";
import type { Shipment } from "./shipment.ts";

export class Aside {
  readonly #congested = new Map<string, CongestedFlows>();
  /** By neighbour and destination. */
  readonly #queues = new Map<string, Map<string, ShipmentQueue>>();

  /** Whether a neighbour should get nothing for a destination over a lane; what is for itself it judges frame by frame. */
  isCongested(peer: string, destination: string, lane: Lane): boolean {
    return destination !== peer && this.#congested.get(peer)?.has(destination, lane) === true;
  }

  /** What a neighbour says now; answers what need not wait any more. */
  set(peer: string, congested: Congested): Shipment[] {
    this.#congested.set(peer, new CongestedFlows(congested));
    const freed: Shipment[] = [];
    for (const [destination, queue] of this.#queues.get(peer) ?? []) {
      const waits = ({ lane }: Shipment): boolean => this.isCongested(peer, destination, lane);
      if ([...queue].every(waits)) continue;
      for (const shipment of queue.drain()) {
        if (waits(shipment)) queue.push(shipment);
        else freed.push(shipment);
      }
    }
    return freed;
  }

  /** A shipment for one destination. */
  push(peer: string, shipment: Shipment): void {
    const [{ cluster }] = shipment.destinations;
    let queues = this.#queues.get(peer);
    if (queues === undefined) this.#queues.set(peer, queues = new Map());
    let queue = queues.get(cluster);
    if (queue === undefined) queues.set(cluster, queue = new ShipmentQueue());
    queue.push(shipment);
  }

  /** What waits, with the neighbour that it waits for. */
  *[Symbol.iterator](): Generator<readonly [peer: string, queue: ShipmentQueue]> {
    for (const [peer, queues] of this.#queues) for (const queue of queues.values()) yield [peer, queue];
  }
}

/** Whether nothing is named. */
export function isEmpty({ congested, congestedLanes }: Congested): boolean {
  return congested.length === 0 && congestedLanes === undefined;
}

/** What a neighbour named, ready to be looked up. */
class CongestedFlows {
  readonly #always: ReadonlySet<string>;
  readonly #lanes: ReadonlyMap<string, ReadonlySet<string>>;

  constructor({ congested, congestedLanes = {} }: Congested) {
    this.#always = new Set(congested);
    this.#lanes = new Map(Object.entries(congestedLanes).map(([lane, names]) => [lane, new Set(names)]));
  }

  has(destination: string, lane: Lane): boolean {
    return this.#always.has(destination) || this.#lanes.get(lane)?.has(destination) === true;
  }
}
