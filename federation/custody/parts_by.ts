/** A shipment in the parts in which its events stand alike. */

import { positionAt, sequenceAt, type Shipment, sliceShipment } from "./shipment.ts";

export interface Part<State> {
  readonly shipment: Shipment;
  readonly state: State;
}

/** In their order, as few as there can be; without those of which `stateAt` says nothing. */
export function partsBy<State>(
  shipment: Shipment,
  stateAt: (sequence: number, position: number) => State | undefined,
): Part<State>[] {
  const parts: Part<State>[] = [];
  const at = (index: number): State | undefined => stateAt(sequenceAt(shipment, index), positionAt(shipment, index));
  for (let from = 0; from < shipment.count;) {
    const state = at(from);
    let to = from + 1;
    while (to < shipment.count && at(to) === state) to++;
    if (state !== undefined) parts.push({ shipment: sliceShipment(shipment, from, to), state });
    from = to;
  }
  return parts;
}
