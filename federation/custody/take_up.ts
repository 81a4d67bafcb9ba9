/** Takes up the custody of the run before: what its documents say is owed, less what the books know to have ended. */

import type { StateEntry } from "../../node/mod.ts";
import type { Books } from "../ledger/books.ts";
import type { EndReason } from "../link/codec/mod.ts";
import { partsBy } from "./parts_by.ts";
import { custodyPosition, decodeRuns } from "./run_document.ts";
import {
  type CustodyDocument,
  positionAt,
  type Run,
  sequenceAt,
  sequenceIntervals,
  type Shipment,
  toTombstone,
} from "./shipment.ts";

export interface TakenUp {
  readonly document: CustodyDocument;
  readonly shipments: readonly Shipment[];
}

/**
 * In the order of positions. Without `syncs` the books may have lost ends of which their destinations were told that they
 * are known: what has no end is sent once more then, so that they tell it again. Throws for a document that cannot be read: the
 * store is damaged.
 */
export function takeUpCustody(
  entries: readonly StateEntry[],
  { self, books, syncs = true }: { self: string; books: Books; syncs?: boolean },
): TakenUp[] {
  const placed = entries.map(({ key, value }) => ({ key, value, first: custodyPosition(key) }));
  placed.sort((a, b) => a.first - b.first);
  const documents = placed.map(({ key, value, first }) => ({ key, first, runs: decodeRuns(value, first) }));
  for (const { runs } of documents) for (const run of runs) if (isOwn(run, self)) reopen(run, books);
  return documents.map(({ key, first, runs }) => {
    const last = runs.reduce((highest, run) => Math.max(highest, lastOf(run, self)), first);
    const document: CustodyDocument = { key, first, last, open: 0, owed: false };
    const shipments = runs.flatMap((run) => {
      const shipment = { ...run, document };
      return isOwn(run, self) ? ownParts(shipment, { books, syncs }) : [shipment];
    });
    document.open = shipments.reduce((sum, { count, destinations }) => sum + count * destinations.length, 0);
    shelve(runs, document, { self, books });
    return { document, shipments };
  });
}

/** Own events have their position as their number, also those that are in no log any more. */
function lastOf(run: Run, self: string): number {
  return isOwn(run, self) ? sequenceAt(run, run.count - 1) : positionAt(run, run.count - 1);
}

/** Events that were accepted here and have not been elsewhere. */
function isOwn({ origin, hops }: Run, self: string): boolean {
  return origin === self && hops.length === 0;
}

function reopen(run: Run, books: Books): void {
  for (const { cluster } of run.destinations) {
    // A document can outlive its book: where that is closed, everything has ended.
    const book = books.find(cluster, run.epoch);
    for (const [after, to] of book === undefined ? [] : sequenceIntervals(run)) book!.reopen(after, to);
  }
}

/** Of own events, those parts that no next hop has taken: what has not ended, and ends that have to be told. */
function ownParts(shipment: Shipment, { books, syncs }: { books: Books; syncs: boolean }): Shipment[] {
  return shipment.destinations.flatMap((destination) => {
    const book = books.find(destination.cluster, shipment.epoch);
    if (book === undefined) return [];
    const stateAt = (sequence: number): "due" | EndReason | undefined => {
      if (syncs && book.handed.has(sequence)) return undefined;
      return book.outstanding.has(sequence) ? "due" : book.presumedEnd(sequence);
    };
    return partsBy({ ...shipment, destinations: [destination] }, stateAt)
      .map(({ shipment: part, state }) => state === "due" ? part : toTombstone(part, state));
  });
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
      const book = books.find(cluster, epoch);
      if (book?.isOpen(first - 1, sequenceAt(run, run.count - 1))) open.add(cluster);
    }
  }
  if (open.size > 0) books.shelve(document, epoch, [...open]);
}
