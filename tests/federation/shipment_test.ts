import { describe, expect, it } from "bun:test";

import { continues, type Run, sequenceAt, sliceShipment } from "../../federation/custody/shipment.ts";
import { aDestination } from "./frame_support.ts";
import { aRun, aShipment } from "./shipment_support.ts";

describe("sequenceAt()", () => {
  it("counts on from the first number when there is no list", () => {
    expect(sequenceAt(aRun({ firstSequence: 10, count: 3 }), 2)).toBe(12);
  });

  it("takes the number from the list when there is one", () => {
    expect(sequenceAt(aRun({ firstSequence: 10, sequences: [10, 15, 99], count: 3 }), 2)).toBe(99);
  });
});

describe("sliceShipment()", () => {
  const shipment = aShipment({
    position: 40,
    count: 4,
    firstSequence: 10,
    sequences: [10, 15, 20, 99],
    bytes: 400,
    destinations: [aDestination({ previous: 7 }), aDestination({ cluster: "charlie", previous: 2 })],
  });

  it("answers the shipment itself for all of its events", () => {
    expect(sliceShipment(shipment, 0, 4)).toBe(shipment);
  });

  it("keeps the previous number of the first event in a part from the front", () => {
    const part = sliceShipment(shipment, 0, 2);
    expect(part).toMatchObject({ position: 40, count: 2, firstSequence: 10, sequences: [10, 15], bytes: 200 });
    expect(part.destinations.map(({ previous }) => previous)).toEqual([7, 2]);
  });

  it("continues the chain of every destination with the number before the part", () => {
    const part = sliceShipment(shipment, 2, 4);
    expect(part).toMatchObject({ position: 42, count: 2, firstSequence: 20, sequences: [20, 99], bytes: 200 });
    expect(part.destinations.map(({ previous }) => previous)).toEqual([15, 15]);
  });

  it("continues the chain where numbers are consecutive", () => {
    const part = sliceShipment(aShipment({ count: 3, firstSequence: 5 }), 1, 3);
    expect(part).toMatchObject({ firstSequence: 6, sequences: undefined });
    expect(part.destinations[0].previous).toBe(5);
  });

  it("leaves the document of the whole to its parts", () => {
    expect(sliceShipment(shipment, 1, 2).document).toBe(shipment.document);
  });
});

describe("continues()", () => {
  const run = aRun({ destinations: [aDestination({ groups: ["billing"] })], hops: ["dora"] });
  const next = aRun({
    position: 2,
    firstSequence: 2,
    destinations: [aDestination({ previous: 1, groups: ["billing"] })],
    hops: ["dora"],
  });

  it("lets a run go on whose chain goes on", () => {
    expect(continues(run, next, 1)).toBe(true);
  });

  const others: readonly (readonly [what: string, other: Partial<Run>])[] = [
    ["another origin", { origin: "eve" }],
    ["another epoch", { epoch: 1 }],
    ["another lane", { lane: "bulk" }],
    ["an end", { ended: "expired" }],
    ["more detours", { detours: 1 }],
    ["other hops", { hops: ["eve"] }],
    ["more hops", { hops: ["dora", "eve"] }],
    ["no destinations", { destinations: [] }],
    ["more destinations", { destinations: [...next.destinations, aDestination({ cluster: "eve", previous: 1 })] }],
    ["another destination", { destinations: [aDestination({ cluster: "eve", previous: 1, groups: ["billing"] })] }],
    ["a chain that does not go on", { destinations: [aDestination({ previous: 0, groups: ["billing"] })] }],
    ["other readers", { destinations: [aDestination({ previous: 1, groups: ["billing"], ungrouped: false })] }],
    ["other groups", { destinations: [aDestination({ previous: 1, groups: ["audit"] })] }],
    ["no groups", { destinations: [aDestination({ previous: 1 })] }],
  ];
  for (const [what, other] of others) {
    it(`begins anew at ${what}`, () => {
      expect(continues(run, { ...next, ...other }, 1)).toBe(false);
    });
  }
});
