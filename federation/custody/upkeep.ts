/** Keeps custody bounded while things wait in it: ends what is over, and what is too much for one destination; tells of it before. */

import type { CustodyLog } from "../custody_log.ts";
import type { Books } from "../ledger/books.ts";
import { type Congested, type EndReason, type Lane, LANES } from "../link/codec/mod.ts";
import type { Custody } from "./custody.ts";
import type { CustodyDocuments } from "./documents.ts";
import { Compaction } from "./compaction.ts";
import { CongestedLanes, type HeldByLane, sumOf } from "./congested_lanes.ts";
import { Expiry } from "./expiry.ts";
import { inFlightRuns, type LinksWithFrames } from "./owed_runs.ts";
import { ParkBudget, type ParkBudgetParts } from "./park_budget.ts";
import { type CustodyDocument, rootOf, type Run, type Shipment, toTombstone } from "./shipment.ts";

export interface UpkeepParts {
  readonly log: CustodyLog;
  readonly custody: Custody;
  readonly documents: CustodyDocuments;
  readonly books: Books;
  readonly newMark: () => string;
  readonly onSettled: (document: CustodyDocument) => void;
  /** Default `evict-oldest`. */
  readonly overflow?: ParkBudgetParts["overflow"];
  readonly onNotice: ParkBudgetParts["onNotice"];
  readonly links: () => LinksWithFrames & {
    /** Destinations for which neighbours should send no more now. */
    congested: Congested;
  };
  /** Lanes of events, together where they share their routes. */
  readonly laneGroups: readonly (readonly Lane[])[];
  readonly onError: (error: unknown) => void;
}

export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #expiry: Expiry;
  readonly budget: ParkBudget;
  readonly compaction: Compaction;
  readonly #congestion: CongestedLanes;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
    this.#congestion = new CongestedLanes(parts.laneGroups);
    const end = (shipment: Shipment, ended: EndReason, reason: string) => this.end(shipment, ended, reason);
    this.#expiry = new Expiry({ ...parts, end });
    this.compaction = new Compaction(parts);
    this.budget = new ParkBudget({ ...parts, overflow: parts.overflow ?? "evict-oldest", end });
  }

  /** To be called about once a second. */
  tick(): void {
    this.#expiry.sweep();
    const links = this.#parts.links();
    const held = heldBytes([this.#parts.custody.waiting(), inFlightRuns(links)]);
    this.budget.enforce(sumOf(held, LANES));
    this.compaction.run();
    links.congested = this.#congestion.update(held, this.budget.bytes) ?? links.congested;
  }

  /** Ends events here: their origin learns it at once if it is this cluster, the others from their destinations. Answers what is left. */
  end(shipment: Shipment, ended: EndReason, reason: string): Shipment {
    this.#parts.books.presume(shipment, ended, reason);
    if (!rootOf(shipment.document).owed) this.compaction.noteEnded(shipment.document);
    return toTombstone(shipment, ended);
  }
}

/** Bytes of live events that are here, by lane and destination. */
function heldBytes(sources: readonly Iterable<Run>[]): HeldByLane {
  const byLane = new Map<Lane, Map<string, number>>();
  for (const source of sources) {
    for (const { bytes, destinations, lane } of source) {
      let held = byLane.get(lane);
      if (held === undefined) byLane.set(lane, held = new Map());
      for (const { cluster } of destinations) held.set(cluster, (held.get(cluster) ?? 0) + bytes);
    }
  }
  return byLane;
}
