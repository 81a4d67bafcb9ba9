/** Copies of the same events for different clusters, as one: they cross a link once, and stand once in the log behind it. */

import type { FrameDestination } from "../link/codec/mod.ts";
import { isAlike, rootOf, type Shipment } from "./shipment.ts";

interface United {
  readonly shipment: Shipment;
  readonly destinations: FrameDestination[];
  /** Place in the answer. */
  readonly index: number;
}

/**
 * Where a shipment has the events of one before it, its destinations are added to that one; else in their order. What is for
 * one cluster never overtakes anything for it.
 */
export function uniteDestinations(shipments: readonly Shipment[]): Shipment[] {
  const united: United[] = [];
  const byEvents = new Map<string, United[]>();
  /** By destination: the place of what is last for it. */
  const lastOf = new Map<string, number>();
  for (const shipment of shipments) {
    const { document, position, count, destinations } = shipment;
    const key = `${rootOf(document).key} ${position} ${count}`;
    const candidates = byEvents.get(key) ?? [];
    let place = candidates.find((other) =>
      isAlike(other.shipment, shipment) &&
      destinations.every(({ cluster }) => (lastOf.get(cluster) ?? -1) < other.index)
    );
    if (place === undefined) {
      place = { shipment, destinations: [], index: united.length };
      united.push(place);
      byEvents.set(key, [...candidates, place]);
    }
    for (const destination of destinations) {
      place.destinations.push(destination);
      lastOf.set(destination.cluster, place.index);
    }
  }
  return united.map(({ shipment, destinations }) =>
    destinations.length === shipment.destinations.length ? shipment : { ...shipment, destinations }
  );
}
