import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { ShipmentQueue } from "../../federation/custody/queue.ts";
import { sequenceAt, type Shipment } from "../../federation/custody/shipment.ts";
import { aShipment } from "./shipment_support.ts";

const numbersOf = (shipment: Shipment): number[] =>
  Array.from({ length: shipment.count }, (_, i) => sequenceAt(shipment, i));

describe("ShipmentQueue", () => {
  it("counts the events and the bytes that wait", () => {
    const queue = new ShipmentQueue();
    queue.push(aShipment({ count: 3, bytes: 300 }));
    queue.push(aShipment({ count: 2, bytes: 50 }));
    expect([queue.events, queue.bytes]).toEqual([5, 350]);
  });

  it("take() answers events from the front and leaves the rest", () => {
    const queue = new ShipmentQueue();
    queue.push(aShipment({ count: 3, firstSequence: 5, bytes: 300 }));
    expect(numbersOf(queue.take(2))).toEqual([5, 6]);
    expect(numbersOf(queue.first!)).toEqual([7]);
    expect([queue.events, queue.bytes]).toEqual([1, 100]);
  });

  it("take() counts no bytes once nothing waits, whatever was rounded", () => {
    const queue = new ShipmentQueue();
    queue.push(aShipment({ count: 3, bytes: 100 }));
    for (let i = 0; i < 3; i++) queue.take(1);
    expect([queue.first, queue.events, queue.bytes]).toEqual([undefined, 0, 0]);
  });

  it("drain() answers everything in order, and the queue is empty", () => {
    const queue = new ShipmentQueue();
    for (const firstSequence of [1, 2, 3]) queue.push(aShipment({ firstSequence }));
    queue.take(1);
    expect(queue.drain().map(({ firstSequence }) => firstSequence)).toEqual([2, 3]);
    expect([queue.first, queue.events, queue.bytes, [...queue].length]).toEqual([undefined, 0, 0, 0]);
  });

  it("keeps the order however long it was in use", () => {
    const queue = new ShipmentQueue();
    for (let i = 1; i <= 5000; i++) queue.push(aShipment({ firstSequence: i }));
    for (let i = 1; i <= 4000; i++) expect(queue.take(1).firstSequence).toBe(i);
    queue.push(aShipment({ firstSequence: 5001 }));
    expect(queue.events).toBe(1001);
    expect([...queue].map(({ firstSequence }) => firstSequence)).toEqual(
      Array.from({ length: 1001 }, (_, i) => 4001 + i),
    );
  });

  it("take() gives out every event once and in order, in whatever portions", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5 })),
        fc.array(fc.integer({ min: 1, max: 5 })),
        (counts, takes) => {
          const queue = new ShipmentQueue();
          let next = 1;
          for (const count of counts) {
            queue.push(aShipment({ count, firstSequence: next }));
            next += count;
          }
          const got: number[] = [];
          for (const most of takes) {
            if (queue.first !== undefined) got.push(...numbersOf(queue.take(Math.min(most, queue.first.count))));
            expect(queue.events).toBe(next - 1 - got.length);
          }
          for (const rest of queue.drain()) got.push(...numbersOf(rest));
          expect(got).toEqual(Array.from({ length: next - 1 }, (_, i) => i + 1));
        },
      ),
    );
  });
});
