/** Runs, shipments and documents of custody for tests. */

import type { CustodyDocument, Run, Shipment } from "../../federation/custody/shipment.ts";
import { FAKE_EPOCH } from "../support/fake_log.ts";
import { aDestination } from "./frame_support.ts";

/** Events of another cluster, by default, on their way to bob. */
export function aRun(overrides: Partial<Run> = {}): Run {
  return {
    position: 1,
    count: 1,
    origin: "alice",
    epoch: FAKE_EPOCH,
    firstSequence: 1,
    bytes: 100 * (overrides.count ?? 1),
    lane: "normal",
    destinations: [aDestination()],
    hops: [],
    detours: 0,
    ...overrides,
  };
}

/** As many pairs as the shipment has are open in its document, unless one is given. */
export function aShipment(overrides: Partial<Shipment> = {}): Shipment {
  const run = aRun(overrides);
  const last = run.position + run.count - 1;
  const document = aDocument({ first: run.position, last, open: run.count * run.destinations.length });
  return { document, ...run, ...overrides };
}

export function aDocument(overrides: Partial<CustodyDocument> = {}): CustodyDocument {
  return { key: "federation/custody/a/0000000000000001", first: 1, last: 1, open: 1, owed: false, ...overrides };
}
