/**
 * What a neighbour should not get now: it says for which destinations it holds too much already. Those wait by themselves,
 * so that frames are built of the others, and go on in their order once the neighbour names them no longer.
 */

import { ShipmentQueue } from "./queue.ts";
import type { Shipment } from "./shipment.ts";

export class Aside {
  readonly #congested = new Map<string, ReadonlySet<string>>();
  /** By neighbour and destination. */
  readonly #queues = new Map<string, Map<string, ShipmentQueue>>();

  /** Whether a neighbour should get nothing for a destination; what is for itself it judges frame by frame. */
  isCongested(peer: string, destination: string): boolean {
    return destination !== peer && this.#congested.get(peer)?.has(destination) === true;
  }

  /** What a neighbour says now; answers what need not wait any more. */
  set(peer: string, congested: readonly string[]): Shipment[] {
    this.#congested.set(peer, new Set(congested));
    const freed: Shipment[] = [];
    for (const [destination, queue] of this.#queues.get(peer) ?? []) {
      if (!this.isCongested(peer, destination)) freed.push(...queue.drain());
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
