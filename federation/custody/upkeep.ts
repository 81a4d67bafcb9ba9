/** Keeps custody bounded while things wait in it: ends what is over. */

import type { CustodyLog } from "../custody_log.ts";
import type { Books } from "../ledger/books.ts";
import type { EndReason } from "../link/codec/mod.ts";
import type { Custody } from "./custody.ts";
import { Expiry } from "./expiry.ts";
import { type Shipment, toTombstone } from "./shipment.ts";

export interface UpkeepParts {
  readonly log: CustodyLog;
  readonly custody: Custody;
  readonly books: Books;
  readonly onError: (error: unknown) => void;
}

export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #expiry: Expiry;

  constructor(parts: UpkeepParts) {
    const { log, custody, onError } = parts;
    this.#parts = parts;
    this.#expiry = new Expiry({ log, custody, end: (shipment, reason) => this.#end(shipment, reason), onError });
  }

  /** To be called about once a second. */
  tick(): void {
    this.#expiry.sweep();
  }

  /** Ends events here: their origin learns it at once if it is this cluster, the others from their destinations. */
  #end(shipment: Shipment, reason: EndReason): Shipment {
    if (reason !== "rejected") this.#parts.books.presume(shipment, reason, reason.toUpperCase());
    return toTombstone(shipment, reason);
  }
}
