/** The custody documents that are in the store, and which of the log's events they still need. */

import type { CustodyDocument, Run, Shipment } from "./shipment.ts";

/** The store asks whenever it looks for room. */
const NEEDED_KNOWN_MS = 250;

export class CustodyDocuments {
  readonly #byKey = new Map<string, CustodyDocument>();
  /** `Infinity`: none is needed. */
  #needed = { from: Infinity, at: -Infinity };

  get size(): number {
    return this.#byKey.size;
  }

  [Symbol.iterator](): IterableIterator<CustodyDocument> {
    return this.#byKey.values();
  }

  add(document: CustodyDocument): void {
    this.#byKey.set(document.key, document);
    if (document.first < this.#needed.from) this.#needed.from = document.first;
  }

  /** A document that came with its runs: everything in it is owed. */
  open(runs: readonly Run[], { key, first, last }: { key: string; first: number; last: number }): Shipment[] {
    const open = runs.reduce((sum, { count, destinations }) => sum + count * destinations.length, 0);
    const document: CustodyDocument = { key, first, last, open, owed: false };
    this.add(document);
    return runs.map((run) => ({ ...run, document }));
  }

  remove({ key }: CustodyDocument): void {
    this.#byKey.delete(key);
  }

  /**
   * The lowest position of an event in `owed`, which is everything that a next hop has yet to take. May be a little low:
   * it is looked up now and then only.
   */
  neededFrom(now: number, owed: () => Iterable<Run>): number | undefined {
    if (now - this.#needed.at >= NEEDED_KNOWN_MS) {
      let from = Infinity;
      for (const { position, ended } of owed()) if (ended === undefined && position < from) from = position;
      this.#needed = { from, at: now };
    }
    return this.#needed.from === Infinity ? undefined : this.#needed.from;
  }
}
