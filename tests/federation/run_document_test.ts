import { describe, expect, it } from "bun:test";

import { custodyKey, custodyPosition, decodeRuns, encodeRuns } from "../../federation/custody/run_document.ts";
import { aDestination } from "./frame_support.ts";
import { aRun } from "./shipment_support.ts";

describe("encodeRuns()", () => {
  it("brings every part of a run back", () => {
    const runs = [
      aRun({ position: 100, count: 2, firstSequence: 7, bytes: 55, lane: "bulk" }),
      aRun({
        position: 102,
        count: 3,
        origin: "eve",
        epoch: 12,
        firstSequence: 3,
        sequences: [3, 9, 11],
        hops: ["eve", "dora"],
        detours: 2,
        destinations: [
          aDestination({ previous: 1, ungrouped: false, groups: ["billing", "audit"] }),
          aDestination({ cluster: "charlie", previous: 2 }),
        ],
      }),
      aRun({ position: 105, ended: "expired" }),
      aRun({ position: 106, endsAt: 5000.25 }),
      aRun({ position: 107, count: 2, positions: [107, 120], sequences: [1, 4] }),
      aRun({ position: 121, count: 2, positions: [121, 123], firstSequence: 5, sequences: [5, 6], endsAt: 7 }),
    ];
    expect(decodeRuns(encodeRuns(runs, 100), 100)).toEqual(runs);
  });

  it("says positions from the first on, so that a store can add it to the key", () => {
    const [run] = decodeRuns(encodeRuns([aRun({ position: 3 })], 0), 1000);
    expect(run.position).toBe(1003);
  });
});

describe("decodeRuns()", () => {
  it("reads documents of versions that knew nothing of times and gaps", () => {
    const row = [2, 3, "alice", 7, 11, 300, "normal", [], 0, [["bob", 10, 1, []]], null];
    const [run] = decodeRuns(new TextEncoder().encode(JSON.stringify([row])), 100);
    expect(run).toMatchObject({ position: 102, count: 3, endsAt: undefined, positions: undefined });
  });

  it("throws for what is no list", () => {
    expect(() => decodeRuns(new TextEncoder().encode("{}"), 0)).toThrow(SyntaxError);
  });
});

describe("custodyKey()", () => {
  it("sorts like the positions", () => {
    expect(custodyKey("m", 9) < custodyKey("m", 10)).toBe(true);
  });

  it("tells documents about the same position apart", () => {
    expect(custodyKey("m", 9)).not.toBe(custodyKey("n", 9));
  });

  it("has its position read back", () => {
    expect(custodyPosition(custodyKey("m-1", 9_007_199_254_740_991))).toBe(9_007_199_254_740_991);
  });

  it("leaves the position to the store when it is not known yet", () => {
    expect(custodyKey("m")).toBe("federation/custody/m");
  });
});
