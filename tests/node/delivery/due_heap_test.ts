import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { DueHeap } from "../../../node/delivery/due_heap.ts";

describe("DueHeap", () => {
  it("gives values in order of time, whatever the order they came in", () => {
    fc.assert(fc.property(fc.array(fc.nat(50)), (times) => {
      const heap = new DueHeap<number>();
      for (const time of times) heap.push(time, time);
      const popped: number[] = [];
      for (let value = heap.popDue(50); value !== undefined; value = heap.popDue(50)) popped.push(value);
      expect(popped).toEqual([...times].sort((a, b) => a - b));
    }));
  });

  it("keeps what is not due yet", () => {
    const heap = new DueHeap<string>();
    heap.push(10, "later");
    expect(heap.popDue(9)).toBeUndefined();
    expect(heap.next).toBe(10);
    expect(heap.popDue(10)).toBe("later");
    expect(heap.next).toBe(Infinity);
  });
});
