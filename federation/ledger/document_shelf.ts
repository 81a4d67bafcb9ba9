/** Documents of own events by position: which of them nobody owes anything any more. */

import { firstIndex } from "../../node/mod.ts";
import type { CustodyDocument } from "../custody/shipment.ts";
import type { IntervalSet } from "../intervals/mod.ts";

interface Shelved {
  readonly document: CustodyDocument;
  /** Destinations with something outstanding in it. */
  readonly open: Set<string>;
}

/** Own events have their position as their number, so a document's positions are its numbers. */
export class DocumentShelf {
  readonly #byEpoch = new Map<number, Shelved[]>();

  add(document: CustodyDocument, epoch: number, destinations: readonly string[]): void {
    let shelf = this.#byEpoch.get(epoch);
    if (shelf === undefined) this.#byEpoch.set(epoch, shelf = []);
    // Mostly the last; an event that is picked for anew comes out of order.
    const at = document.first >= (shelf.at(-1)?.document.last ?? 0)
      ? shelf.length
      : firstReaching(shelf, document.first);
    shelf.splice(at, 0, { document, open: new Set(destinations) });
  }

  /** Destinations with something outstanding in a document; none when it is not on the shelf. */
  openIn(
    document: CustodyDocument,
  ): { readonly epoch: number; readonly destinations: ReadonlySet<string> } | undefined {
    const place = this.#placeOf(document);
    return place && { epoch: place.epoch, destinations: place.shelf[place.index].open };
  }

  /** Whether one document comes right after another. */
  areNeighbours(document: CustodyDocument, next: CustodyDocument): boolean {
    const place = this.#placeOf(document);
    return place?.shelf[place.index + 1]?.document === next;
  }

  /** Puts one document in the place of several in their order, of those that are still here; false when none is. */
  replace(documents: readonly CustodyDocument[], by: CustodyDocument): boolean {
    const places = documents.flatMap((document) => this.#placeOf(document) ?? []);
    if (places.length === 0) return false;
    const [{ shelf }] = places;
    const open = new Set(places.flatMap(({ index }) => [...shelf[index].open]));
    for (const { index } of places.toReversed()) shelf.splice(index, 1);
    shelf.splice(places[places.length - 1].index - places.length + 1, 0, { document: by, open });
    return true;
  }

  #placeOf(document: CustodyDocument): { epoch: number; shelf: Shelved[]; index: number } | undefined {
    for (const [epoch, shelf] of this.#byEpoch) {
      for (let index = firstReaching(shelf, document.last); shelf[index]?.document.last === document.last; index++) {
        if (shelf[index].document === document) return { epoch, shelf, index };
      }
    }
    return undefined;
  }

  /** Something in (after, to] has ended at a destination: answers the documents that this has settled, off the shelf. */
  settle(
    epoch: number,
    destination: string,
    { after, to, outstanding }: { after: number; to: number; outstanding: Pick<IntervalSet, "intersects"> },
  ): CustodyDocument[] {
    const shelf = this.#byEpoch.get(epoch);
    if (shelf === undefined) return [];
    const settled: CustodyDocument[] = [];
    let index = firstReaching(shelf, after + 1);
    const from = index;
    for (; index < shelf.length && shelf[index].document.first <= to; index++) {
      const { document, open } = shelf[index];
      if (!open.has(destination) || outstanding.intersects(document.first - 1, document.last)) continue;
      open.delete(destination);
      if (open.size === 0) settled.push(document);
    }
    if (settled.length > 0) {
      const rest = shelf.slice(from, index).filter(({ open }) => open.size > 0);
      shelf.splice(from, index - from, ...rest);
    }
    if (shelf.length === 0) this.#byEpoch.delete(epoch);
    return settled;
  }
}

/** Index of the first document whose last position is at or after `position`. */
function firstReaching(shelf: readonly Shelved[], position: number): number {
  return firstIndex(shelf, ({ document }) => document.last >= position);
}
