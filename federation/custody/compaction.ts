/**
 * Writes many small documents of what waits as few large ones, and keeps it in memory so, too: a cluster that is away for
 * days must not cost a document for each event. Only documents of which everything open waits here are taken: what is on
 * its way settles its document soon anyway.
 */

import type { StateChange } from "../../node/mod.ts";
import type { CustodyLog } from "../custody_log.ts";
import type { Book } from "../ledger/book.ts";
import type { Books } from "../ledger/books.ts";
import type { Custody } from "./custody.ts";
import type { CustodyDocuments } from "./documents.ts";
import { joinRuns } from "./join_runs.ts";
import { custodyKey, encodeRuns } from "./run_document.ts";
import { type CustodyDocument, rootOf, type Run, type Shipment } from "./shipment.ts";

export interface CompactionParts {
  readonly log: Pick<CustodyLog, "commit">;
  readonly custody: Custody;
  readonly documents: CustodyDocuments;
  readonly books: Books;
  /** A mark for a custody document that no other has. */
  readonly newMark: () => string;
  readonly onSettled: (document: CustodyDocument) => void;
  readonly onError: (error: unknown) => void;
}

/** Fewer small documents than this are left alone: writing them anew costs more than they do. */
const DOCUMENTS_MIN = 64;
/** A document with more events is large. */
const SMALL_EVENTS = 1024;
const EVENTS_MAX = 4096;
/** Documents written in one commit. */
const BATCHES_MAX = 32;

interface Waiting {
  readonly document: CustodyDocument;
  readonly shipments: Shipment[];
  events: number;
  pairs: number;
}

interface Merged {
  readonly document: CustodyDocument;
  readonly from: readonly CustodyDocument[];
  readonly runs: readonly Run[];
}

export class Compaction {
  readonly #parts: CompactionParts;
  #busy = false;
  /** Documents that were written anew. */
  merged = 0;
  /** Documents in which something has ended that the store does not know of. */
  readonly #stale = new Set<CustodyDocument>();

  constructor(parts: CompactionParts) {
    this.#parts = parts;
  }

  /** Something of the document has ended here; the books say it of own events. */
  noteEnded(document: CustodyDocument): void {
    this.#stale.add(rootOf(document));
  }

  /** To be called about once a second. */
  run(): void {
    const { documents } = this.#parts;
    for (const document of this.#stale) if (document.open === 0) this.#stale.delete(document);
    if (this.#busy || (documents.size < DOCUMENTS_MIN && this.#stale.size === 0)) return;
    const merged = this.#batches().slice(0, BATCHES_MAX).map((batch) => this.#merge(batch));
    if (merged.length > 0) this.#commit(merged);
  }

  /** Small documents in the order of the log, as many together as make a large one. */
  #batches(): Waiting[][] {
    const batches: Waiting[][] = [];
    let open: Waiting[] = [];
    let events = 0;
    let neighbour: CustodyDocument | undefined;
    const close = (): void => {
      if (open.length >= DOCUMENTS_MIN || open.some(({ document }) => this.#stale.has(document))) batches.push(open);
      open = [];
      events = 0;
    };
    for (const waiting of this.#idle()) {
      const { document } = waiting;
      const fits = neighbour === undefined || this.#parts.books.mayMerge(neighbour, document);
      if (!fits || events + waiting.events > EVENTS_MAX) close();
      open.push(waiting);
      events += waiting.events;
      neighbour = document;
    }
    close();
    return batches;
  }

  /** Documents of which everything that is open waits here, own ones and others by themselves, each in the order of the log. */
  #idle(): Waiting[] {
    const byDocument = new Map<CustodyDocument, Waiting>();
    for (const shipment of this.#parts.custody.waiting()) {
      const document = rootOf(shipment.document);
      let waiting = byDocument.get(document);
      if (waiting === undefined) {
        byDocument.set(document, waiting = { document, shipments: [], events: 0, pairs: 0 });
      }
      waiting.shipments.push(shipment);
      waiting.events += shipment.count;
      waiting.pairs += shipment.count * shipment.destinations.length;
    }
    return [...byDocument.values()].filter((waiting) => this.#isIdle(waiting))
      .sort((a, b) => Number(a.document.owed) - Number(b.document.owed) || a.document.first - b.document.first);
  }

  #isIdle({ document, shipments, events, pairs }: Waiting): boolean {
    if (document.open !== pairs || (events > SMALL_EVENTS && !this.#stale.has(document))) return false;
    return !document.owed || this.#parts.books.isAllOf(document, shipments);
  }

  #merge(batch: readonly Waiting[]): Merged {
    const from = batch.map(({ document }) => document);
    const first = Math.min(...from.map((document) => document.first));
    const last = Math.max(...from.map((document) => document.last));
    const shipments = batch.flatMap((waiting) => waiting.shipments);
    const runs = byDestination(shipments).flatMap((group) => joinRuns(group));
    const key = custodyKey(this.#parts.newMark(), first);
    return { document: { key, first, last, open: 0, owed: false }, from, runs };
  }

  #commit(merged: readonly Merged[]): void {
    const { log, custody, onError } = this.#parts;
    const documents = merged.flatMap(({ document, from, runs }): StateChange[] => [
      { key: document.key, value: encodeRuns(runs, document.first) },
      ...from.map(({ key }) => ({ key, value: undefined })),
    ]);
    const books = this.#booksOf(merged).map((book) => ({ book, changes: book.changes }));
    this.#busy = true;
    log.commit([], [...documents, ...books.map(({ book }) => book.toChange())], (error) => {
      this.#busy = false;
      if (error !== undefined) return onError(error); // the old ones stand
      for (const { book, changes } of books) book.noteWritten(changes);
      for (const one of merged) this.#replace(one);
      custody.join();
    });
  }

  /**
   * What has ended is in no new document, and after a crash the old ones are gone: the books, which say that it has ended, are
   * written in the same commit, as far as the store does not have them.
   */
  #booksOf(merged: readonly Merged[]): Book[] {
    const own = merged.filter(({ from }) => from[0].owed);
    const epochs = new Set(own.flatMap(({ runs }) => runs.map(({ epoch }) => epoch)));
    return [...this.#parts.books].filter((book) => !book.isWritten && epochs.has(book.epoch));
  }

  /** Meanwhile some of it may have gone on its way, or have ended. */
  #replace({ document, from }: Merged): void {
    const { documents, books, onSettled } = this.#parts;
    this.merged += from.length;
    documents.add(document);
    for (const old of from) {
      document.open += old.open;
      old.into = document;
      documents.remove(old);
      this.#stale.delete(old);
    }
    books.mergeShelved(document, from);
    if (document.open === 0 && !document.owed) onSettled(document);
  }
}

/** In the order of the log, those for the same clusters together. */
function byDestination(shipments: readonly Shipment[]): Shipment[][] {
  const groups = new Map<string, Shipment[]>();
  for (const shipment of shipments) {
    const name = shipment.destinations.map(({ cluster }) => cluster).join();
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [shipment]);
    else group.push(shipment);
  }
  return [...groups.values()].map((group) =>
    group.sort((a, b) => a.position - b.position || a.firstSequence - b.firstSequence)
  );
}
