/**
 * Bounds what waits for one destination: a cluster that stays away must not use up the room of all others. Past the budget
 * the oldest of what has no way ends as evicted, which its origin learns. What only waits for a neighbour is not touched: it
 * is slow, and doors that close are the answer to that.
 */

import type { CustodyLog } from "../custody_log.ts";
import type { EndReason } from "../link/codec/mod.ts";
import { PARK_BUDGET_SHARE } from "../options.ts";
import type { Custody } from "./custody.ts";
import { type Shipment, sliceShipment } from "./shipment.ts";

export interface ParkBudgetParts {
  readonly log: Pick<CustodyLog, "bytesMax">;
  readonly custody: Custody;
  /** `block`: nothing is evicted. */
  readonly overflow: "evict-oldest" | "block";
  /** Ends a shipment here; answers what is left of it. */
  readonly end: (shipment: Shipment, ended: EndReason, reason: string) => Shipment;
  readonly onNotice: (notice: { code: string; detail: string; peer: string }) => void;
}

/** Told again only after what is parked was below this part of the budget. */
const CALM = 0.8;

export class ParkBudget {
  readonly #parts: ParkBudgetParts;
  readonly #full = new Set<string>();
  /** Events evicted here, once for each destination. */
  evicted = 0;

  constructor(parts: ParkBudgetParts) {
    this.#parts = parts;
  }

  /** Bytes of live events that may wait for one destination. */
  get bytes(): number {
    return this.#parts.log.bytesMax * PARK_BUDGET_SHARE;
  }

  /** Evicts what is too much; `held`: bytes that wait for each destination, with a way and without. */
  enforce(held: ReadonlyMap<string, number>): void {
    if (this.#parts.overflow === "block") return;
    const { bytes: budget } = this;
    for (const cluster of this.#full) if ((held.get(cluster) ?? 0) < budget * CALM) this.#full.delete(cluster);
    for (const [cluster, bytes] of held) if (bytes > budget) this.#evict(cluster, bytes - budget);
  }

  #evict(cluster: string, excess: number): void {
    const queue = this.#parts.custody.parked.get(cluster);
    if (queue === undefined || queue.bytes === 0) return;
    const before = this.evicted;
    let rest = excess;
    queue.rewrite((shipment) => {
      if (rest <= 0 || shipment.ended !== undefined) return [shipment];
      const count = Math.min(
        shipment.count,
        Math.max(1, Math.ceil(rest * shipment.count / Math.max(1, shipment.bytes))),
      );
      const oldest = sliceShipment(shipment, 0, count);
      rest -= oldest.bytes;
      this.evicted += count;
      const ended = this.#parts.end(oldest, "evicted", "PARK_FULL");
      return count === shipment.count ? [ended] : [ended, sliceShipment(shipment, count, shipment.count)];
    });
    this.#tell(cluster, this.evicted - before);
  }

  #tell(cluster: string, count: number): void {
    if (this.#full.has(cluster)) return;
    this.#full.add(cluster);
    const detail =
      `the oldest ${count} events for "${cluster}" are evicted, and more will be: it cannot be reached, and ` +
      `what is parked for it takes more than its ${Math.floor(this.bytes)} bytes; bring its links back, raise ` +
      "store.maxBytes, or set federation.overflow to block";
    this.#parts.onNotice({ code: "PARK_FULL", detail, peer: cluster });
  }
}
