import { describe, expect, it } from "bun:test";

import type { Shipment } from "../../federation/custody/shipment.ts";
import { uniteDestinations } from "../../federation/custody/unite_destinations.ts";
import { aDestination } from "./frame_support.ts";
import { aShipment } from "./shipment_support.ts";

const { document } = aShipment();

/** Events from a position on, for some clusters. */
const from = (position: number, clusters: string, more: Partial<Shipment> = {}): Shipment =>
  aShipment({
    position,
    firstSequence: position,
    document,
    destinations: clusters.split(" ").map((cluster) => aDestination({ cluster, previous: position - 1 })),
    ...more,
  });

const texts = (shipments: readonly Shipment[]): string[] =>
  shipments.map(({ position, destinations }) => `${position} ${destinations.map(({ cluster }) => cluster).join(" ")}`);

describe("uniteDestinations()", () => {
  it("puts copies of the same events for different clusters together, in the order of the first", () => {
    const parked = [from(1, "oslo"), from(2, "oslo"), from(1, "rome"), from(2, "rome berlin")];
    expect(texts(uniteDestinations(parked))).toEqual(["1 oslo rome", "2 oslo rome berlin"]);
  });

  it("keeps what belongs to each destination", () => {
    const billing = from(1, "oslo", { destinations: [aDestination({ cluster: "oslo", groups: ["billing"] })] });
    const [{ destinations }] = uniteDestinations([from(1, "rome"), billing]);
    expect(destinations.map(({ cluster, groups }) => [cluster, groups])).toEqual([["rome", []], ["oslo", ["billing"]]]);
  });

  it("lets nothing overtake what is before it for the same cluster", () => {
    const freed = [from(3, "oslo"), from(2, "rome"), from(3, "rome")];
    expect(texts(uniteDestinations(freed))).toEqual(["3 oslo", "2 rome", "3 rome"]);
  });

  const different: Record<string, Partial<Shipment>> = {
    "other events": { position: 2 },
    "more of them": { count: 2 },
    "another lane": { lane: "bulk" },
    "another way": { hops: ["eve"] },
    "a detour behind it": { detours: 1 },
    "an end": { ended: "evicted" },
    "other numbers": { sequences: [7] },
    "another document": { document: aShipment({}).document },
    "another reason to wait": { parked: { reason: "LOOP_AVOIDED", since: 1, version: 1 } },
  };
  for (const [what, change] of Object.entries(different)) {
    it(`keeps apart what has ${what}`, () => {
      expect(uniteDestinations([from(1, "oslo"), from(1, "rome", change)])).toHaveLength(2);
    });
  }
});
