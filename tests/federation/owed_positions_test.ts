import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { OwedPositions } from "../../federation/custody/owed_positions.ts";
import { aRun } from "./shipment_support.ts";

function covered(ranges: readonly { from: number; to: number }[], position: number): boolean {
  return ranges.some(({ from, to }) => from <= position && position <= to);
}

const runs = fc.array(fc.record({ position: fc.nat(5000), count: fc.integer({ min: 1, max: 300 }) }));

describe("OwedPositions.at()", () => {
  it("are exactly the events that are owed, in a log of up to a thousand", () => {
    const owed = [
      aRun({ position: 3, count: 2 }),
      aRun({ position: 900 }),
      aRun({ position: 4, count: 3 }),
      aRun({ position: 50, ended: "expired" }),
    ];
    expect(new OwedPositions().at(0, { tail: 1, head: 1000 }, () => owed)).toEqual([
      { from: 3, to: 6 },
      { from: 900, to: 900 },
    ]);
  });

  it("cover every event that is owed, in at most 512 ranges, however long the log is", () => {
    fc.assert(fc.property(runs, fc.nat(100), fc.integer({ min: 100, max: 9000 }), (all, tail, length) => {
      const log = { tail: tail + 1, head: tail + length };
      const ranges = new OwedPositions().at(0, log, () => all.map(({ position, count }) => aRun({ position, count })));
      expect(ranges.length).toBeLessThanOrEqual(512);
      for (const { position, count } of all) {
        for (let i = position; i < position + count; i++) {
          if (i >= log.tail && i <= log.head) expect(covered(ranges, i)).toBe(true);
        }
      }
    }));
  });

  it("cover a run whose events are not next to each other, and not what lies between them", () => {
    const run = aRun({ position: 3, positions: [3, 40, 90], count: 3 });
    expect(new OwedPositions().at(0, { tail: 1, head: 1000 }, () => [run])).toEqual([
      { from: 3, to: 3 },
      { from: 40, to: 40 },
      { from: 90, to: 90 },
    ]);
  });

  it("leave what lies between two that are owed to be let go, in a log of millions", () => {
    const ranges = new OwedPositions().at(
      0,
      { tail: 1, head: 4_000_000 },
      () => [aRun({ position: 1 }), aRun({ position: 3_000_000 })],
    );
    expect(ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0)).toBeLessThan(4_000_000 / 200);
  });

  it("have a document that came since the last look", () => {
    const owed = new OwedPositions();
    owed.at(0, { tail: 1, head: 9 }, () => []);
    owed.add({ first: 7, last: 9 });
    expect(owed.at(1, { tail: 1, head: 9 }, () => [])).toEqual([{ from: 7, to: 9 }]);
  });

  it("have all of very many documents that came since the last look", () => {
    const owed = new OwedPositions();
    for (let i = 0; i < 1000; i++) owed.add({ first: 5000 - 3 * i, last: 5001 - 3 * i });
    const ranges = owed.at(-Infinity, { tail: 1, head: 9000 }, () => []);
    for (let i = 0; i < 1000; i++) expect(covered(ranges, 5001 - 3 * i)).toBe(true);
    expect(ranges.length).toBeLessThanOrEqual(65);
  });
});
