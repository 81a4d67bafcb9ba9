/**
 * Which of the shipments for a neighbour that is nearly full it will take: those for its own readers last of all are refused,
 * then those with the most clusters behind them (design §5, "No store-and-forward deadlock").
 */

import type { Shipment } from "../custody/shipment.ts";

const OWN = 1000;

/** Higher is taken longer. */
export function admissionRank({ destinations, hops, ended }: Shipment, peer: string): number {
  const isOwn = ended !== undefined || (destinations.length === 1 && destinations[0].cluster === peer);
  return isOwn ? OWN : hops.length;
}

/** The shipments in the order in which a neighbour that is nearly full takes them; those of one rank keep theirs. */
export function inAdmissionOrder(shipments: readonly Shipment[], peer: string): Shipment[] {
  const parts = shipments.flatMap((shipment) => splitOwn(shipment, peer));
  return parts.sort((a, b) => admissionRank(b, peer) - admissionRank(a, peer));
}

/** What is for the neighbour itself and what it has to pass on, apart: together neither would get in. */
function splitOwn(shipment: Shipment, peer: string): Shipment[] {
  const own = shipment.destinations.filter(({ cluster }) => cluster === peer);
  if (own.length === 0 || own.length === shipment.destinations.length) return [shipment];
  const others = shipment.destinations.filter(({ cluster }) => cluster !== peer);
  return [{ ...shipment, destinations: own }, { ...shipment, destinations: others }];
}
