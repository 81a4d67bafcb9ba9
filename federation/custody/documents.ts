/** The custody documents that are in the store, and which of the log's events they still need. */

import { OwedPositions } from "./owed_positions.ts";
import type { CustodyDocument, Run, Shipment } from "./shipment.ts";

export class CustodyDocuments {
  readonly #byKey = new Map<string, CustodyDocument>();
  readonly owed = new OwedPositions();

  get size(): number {
    return this.#byKey.size;
  }

  [Symbol.iterator](): IterableIterator<CustodyDocument> {
    return this.#byKey.values();
  }

  add(document: CustodyDocument): void {
    this.#byKey.set(document.key, document);
    this.owed.add(document);
  }

  /** A document that came with its runs: everything in it is owed. */
  open(runs: readonly Run[], { key, first, last }: { key: string; first: number; last: number }): Shipment[] {
    const open = runs.reduce((sum, { count, destinations }) => sum + count * destinations.length, 0);
    const document: CustodyDocument = { key, first, last, open, owed: false };
    this.add(document);
    return runs.map((run) => ({ ...run, document }));
  }

  find(key: string): CustodyDocument | undefined {
    return this.#byKey.get(key);
  }

  remove({ key }: CustodyDocument): void {
    this.#byKey.delete(key);
  }
}
