/** Shipments that wait, first in, first out, with their sums. */

import type { Shipment } from "./shipment.ts";
import { sliceShipment } from "./shipment.ts";

/** Emptied slots are given back when they are more than this and half of the array. */
const SLACK = 1024;

export class ShipmentQueue {
  #items: (Shipment | undefined)[] = [];
  #head = 0;
  #events = 0;
  #bytes = 0;

  /** Events that wait; one for each, however many destinations it has. */
  get events(): number {
    return this.#events;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get first(): Shipment | undefined {
    return this.#items[this.#head];
  }

  push(shipment: Shipment): void {
    this.#items.push(shipment);
    this.#events += shipment.count;
    this.#bytes += shipment.bytes;
  }

  /** Puts shipments before all that wait, in their order: they were here before. */
  putBack(shipments: readonly Shipment[]): void {
    const waiting = this.drain();
    for (const shipment of [...shipments, ...waiting]) this.push(shipment);
  }

  /** Puts in the place of each shipment what `change` makes of it. */
  rewrite(change: (shipment: Shipment) => readonly Shipment[]): void {
    for (const shipment of this.drain()) for (const changed of change(shipment)) this.push(changed);
  }

  /** Takes the first `count` events of the first shipment. */
  take(count: number): Shipment {
    const first = this.#items[this.#head]!;
    const part = sliceShipment(first, 0, count);
    if (count === first.count) {
      this.#items[this.#head++] = undefined;
      if (this.#head > SLACK && this.#head * 2 > this.#items.length) {
        this.#items = this.#items.slice(this.#head);
        this.#head = 0;
      }
    } else this.#items[this.#head] = sliceShipment(first, count, first.count);
    this.#events -= count;
    this.#bytes = this.first === undefined ? 0 : Math.max(0, this.#bytes - part.bytes);
    return part;
  }

  /** Everything, in order; the queue is empty then. */
  drain(): Shipment[] {
    const all = [...this];
    this.#items = [];
    this.#head = this.#events = this.#bytes = 0;
    return all;
  }

  *[Symbol.iterator](): Generator<Shipment> {
    for (let i = this.#head; i < this.#items.length; i++) yield this.#items[i]!;
  }
}
