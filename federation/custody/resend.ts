/**
 * Sends again what was handed over and is with nobody any more: as far as the log still has it. A destination that has it
 * after all takes it for a repeat. What the log has no more is lost: it ends as evicted, and its destination is told.
 */

import type { StoredEvent } from "../../node/mod.ts";
import type { CustodyLog } from "../custody_log.ts";
import type { IntervalSet } from "../intervals/mod.ts";
import type { Book } from "../ledger/book.ts";
import type { EndReason } from "../link/codec/mod.ts";
import type { Custody } from "./custody.ts";
import type { CustodyDocuments } from "./documents.ts";
import { partsBy } from "./parts_by.ts";
import { CUSTODY_PREFIX, custodyPosition, decodeRuns } from "./run_document.ts";
import { positionAt, rootOf, sequenceIntervals, type Shipment, sliceShipment, toTombstone } from "./shipment.ts";

export interface ResendParts {
  readonly self: string;
  readonly log: Pick<CustodyLog, "list" | "read" | "head">;
  readonly documents: CustodyDocuments;
  readonly custody: Pick<Custody, "add">;
  /** Ends a shipment here; answers what is left of it. */
  readonly end: (shipment: Shipment, ended: EndReason, reason: string) => Shipment;
  readonly onError: (error: unknown) => void;
}

/** What became of numbers that were lost. */
export interface Resent {
  readonly sent: number;
  readonly evicted: number;
}

const PAGE_EVENTS = 512;
const PAGE_BYTES = 1024 * 1024;
/** Why an event is evicted that was lost. */
const ROLLED_BACK = "PEER_ROLLED_BACK";

export class Resend {
  readonly #parts: ResendParts;

  constructor(parts: ResendParts) {
    this.#parts = parts;
  }

  /** `done` is called once; what could not be read stays as it was, and is found again. */
  run(book: Book, lost: IntervalSet, done: (resent: Resent) => void): void {
    const { log, onError } = this.#parts;
    log.list(`${CUSTODY_PREFIX}/`, (error, entries) => {
      if (error !== undefined) {
        onError(error);
        return done({ sent: 0, evicted: 0 });
      }
      const shipments = entries.flatMap(({ key, value }) => {
        const document = this.#parts.documents.find(key);
        const runs = document === undefined ? [] : decodeRuns(value, custodyPosition(key));
        return runs.flatMap((run) => this.#lostParts({ ...run, document: document! }, book, lost));
      });
      this.#next(book, shipments, { sent: 0, evicted: 0 }, done);
    });
  }

  /** Of own events for the destination of a book, those parts that are lost and open. */
  #lostParts(shipment: Shipment, book: Book, lost: IntervalSet): Shipment[] {
    const { origin, epoch, hops, destinations } = shipment;
    const destination = destinations.find(({ cluster }) => cluster === book.destination);
    if (destination === undefined || origin !== this.#parts.self || hops.length > 0 || epoch !== book.epoch) return [];
    const one = { ...shipment, destinations: [destination] };
    return partsBy(one, (sequence) => lost.has(sequence) ? endIn(book, sequence) : undefined)
      .map(({ shipment, state }) => state === "open" ? shipment : toTombstone(shipment, state));
  }

  /** Reads the log page by page: what has ended already needs none. */
  #next(book: Book, waiting: readonly Shipment[], resent: Resent, done: (resent: Resent) => void): void {
    const [shipment, ...rest] = waiting;
    if (shipment === undefined) return done(resent);
    if (shipment.ended !== undefined) {
      this.#add(book, shipment);
      return this.#next(book, rest, resent, done);
    }
    const { log, onError } = this.#parts;
    log.read({ after: shipment.position - 1, eventsMax: PAGE_EVENTS, bytesMax: PAGE_BYTES }, (error, events) => {
      if (error !== undefined) {
        onError(error);
        return done(resent);
      }
      const { read, left } = splitAt(shipment, events.at(-1)?.position ?? log.head);
      const { sent, evicted } = this.#settle(book, read, new Set(events.map(({ position }: StoredEvent) => position)));
      const sum = { sent: resent.sent + sent, evicted: resent.evicted + evicted };
      this.#next(book, left === undefined ? rest : [left, ...rest], sum, done);
    });
  }

  #settle(book: Book, shipment: Shipment, kept: ReadonlySet<number>): Resent {
    const counts = { sent: 0, evicted: 0 };
    const parts = partsBy(shipment, (_, position) => kept.has(position) ? "open" : "evicted");
    for (const { shipment: part, state } of parts) {
      if (state === "open") counts.sent += part.count;
      else counts.evicted += part.count;
      this.#add(book, state === "open" ? part : this.#parts.end(part, "evicted", ROLLED_BACK));
    }
    return counts;
  }

  /** Its first hop has it no more. Meanwhile it may have ended, and its document be gone. */
  #add(book: Book, shipment: Shipment): void {
    const document = rootOf(shipment.document);
    if (!document.owed) return;
    for (const [after, to] of sequenceIntervals(shipment)) book.handed.remove(after, to);
    document.open += shipment.count;
    this.#parts.custody.add({ ...shipment, document });
  }
}

type State = "open" | EndReason;

/** How an event that is not settled stands; `undefined` when it is. */
function endIn(book: Book, sequence: number): State | undefined {
  return book.outstanding.has(sequence) ? "open" : book.presumedEnd(sequence);
}

/** What is up to a position, and what is beyond. */
function splitAt(shipment: Shipment, position: number): { read: Shipment; left: Shipment | undefined } {
  let count = 1; // the page begins with its first position
  while (count < shipment.count && positionAt(shipment, count) <= position) count++;
  const left = count < shipment.count ? sliceShipment(shipment, count, shipment.count) : undefined;
  return { read: sliceShipment(shipment, 0, count), left };
}
