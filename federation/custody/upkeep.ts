/** Keeps custody bounded while things wait in it: ends what is over, and what is too much for one destination. */

import type { CustodyLog } from "../custody_log.ts";
import type { Books } from "../ledger/books.ts";
import type { EndReason } from "../link/codec/mod.ts";
import type { Custody } from "./custody.ts";
import { Expiry } from "./expiry.ts";
import { ParkBudget, type ParkBudgetParts } from "./park_budget.ts";
import { type Shipment, toTombstone } from "./shipment.ts";

export interface UpkeepParts {
  readonly log: CustodyLog;
  readonly custody: Custody;
  readonly books: Books;
  /** Default `evict-oldest`. */
  readonly overflow?: ParkBudgetParts["overflow"];
  readonly onNotice: ParkBudgetParts["onNotice"];
  readonly onError: (error: unknown) => void;
}

export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #expiry: Expiry;
  readonly budget: ParkBudget;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
    const end = (shipment: Shipment, ended: EndReason, reason: string) => this.#end(shipment, ended, reason);
    this.#expiry = new Expiry({ ...parts, end });
    this.budget = new ParkBudget({ ...parts, overflow: parts.overflow ?? "evict-oldest", end });
  }

  /** To be called about once a second. */
  tick(): void {
    this.#expiry.sweep();
    this.budget.enforce(heldBytes(this.#parts.custody.waiting()));
  }

  /** Ends events here: their origin learns it at once if it is this cluster, the others from their destinations. */
  #end(shipment: Shipment, ended: EndReason, reason: string): Shipment {
    if (ended !== "rejected") this.#parts.books.presume(shipment, ended, reason);
    return toTombstone(shipment, ended);
  }
}

/** Bytes of live events that wait for each destination. */
function heldBytes(waiting: Iterable<Shipment>): Map<string, number> {
  const held = new Map<string, number>();
  for (const { bytes, destinations } of waiting) {
    for (const { cluster } of destinations) held.set(cluster, (held.get(cluster) ?? 0) + bytes);
  }
  return held;
}
