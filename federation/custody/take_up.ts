/** Takes up the custody of the run before: what its documents say is owed, less what the books know to have ended. */

import type { StateEntry } from "../../node/mod.ts";
import type { Books } from "../ledger/books.ts";
import { custodyPosition, decodeRuns } from "./run_document.ts";
import { type CustodyDocument, type Run, sequenceAt, type Shipment, sliceShipment } from "./shipment.ts";

export interface TakenUp {
  readonly document: CustodyDocument;
  readonly shipments: readonly Shipment[];
}

/** In the order of positions. Throws for a document that cannot be read: the store is damaged. */
export function takeUpCustody(
  entries: readonly StateEntry[],
  { self, books }: { self: string; books: Books },
): TakenUp[] {
  const placed = entries.map(({ key, value }) => ({ key, value, first: custodyPosition(key) }));
  placed.sort((a, b) => a.first - b.first);
  const documents = placed.map(({ key, value, first }) => ({ key, first, runs: decodeRuns(value, first) }));
  for (const { runs } of documents) for (const run of runs) if (isOwn(run, self)) reopen(run, books);
  return documents.map(({ key, first, runs }) => {
    const last = runs.reduce((highest, { position, count }) => Math.max(highest, position + count - 1), first);
    const document: CustodyDocument = { key, first, last, open: 0, owed: false };
    const shipments = runs.flatMap((run) => {
      const shipment = { ...run, document };
      return isOwn(run, self) ? ownParts(shipment, books) : [shipment];
    });
    document.open = shipments.reduce((sum, { count, destinations }) => sum + count * destinations.length, 0);
    shelve(runs, document, { self, books });
    return { document, shipments };
  });
}

/** Events that were accepted here and have not been elsewhere. */
function isOwn({ origin, hops }: Run, self: string): boolean {
  return origin === self && hops.length === 0;
}

function reopen(run: Run, books: Books): void {
  for (const { cluster } of run.destinations) {
    // A document can outlive its book: where that is closed, everything has ended.
    books.find(cluster, run.epoch)?.reopen(run.firstSequence - 1, sequenceAt(run, run.count - 1));
  }
}

/** Of own events, those parts that have not ended and that no next hop has taken. */
function ownParts(shipment: Shipment, books: Books): Shipment[] {
  const parts: Shipment[] = [];
  for (const destination of shipment.destinations) {
    const book = books.find(destination.cluster, shipment.epoch);
    if (book === undefined) continue;
    const { outstanding, handed } = book;
    const isDue = (index: number): boolean => {
      const sequence = sequenceAt(shipment, index);
      return outstanding.has(sequence) && !handed.has(sequence);
    };
    const one = { ...shipment, destinations: [destination] };
    for (let from = 0; from < shipment.count;) {
      if (!isDue(from)) {
        from++;
        continue;
      }
      let to = from + 1;
      while (to < shipment.count && isDue(to)) to++;
      parts.push(sliceShipment(one, from, to));
      from = to;
    }
  }
  return parts;
}

function shelve(
  runs: readonly Run[],
  document: CustodyDocument,
  { self, books }: { self: string; books: Books },
): void {
  const own = runs.filter((run) => isOwn(run, self));
  if (own.length === 0) return;
  const { epoch } = own[0];
  const open = new Set<string>();
  for (const run of own) {
    for (const { cluster } of run.destinations) {
      const first = sequenceAt(run, 0);
      const outstanding = books.find(cluster, epoch)?.outstanding;
      if (outstanding?.intersects(first - 1, sequenceAt(run, run.count - 1))) open.add(cluster);
    }
  }
  if (open.size > 0) books.shelve(document, epoch, [...open]);
}
