/** The books of this cluster as an origin: one for each destination and epoch, and who waits for an end in them. */

import { acceptedEpoch, pickedAnew } from "../custody/epochs.ts";
import type { CustodyDocument, Shipment } from "../custody/shipment.ts";
import { sequenceAt, sequenceIntervals } from "../custody/shipment.ts";
import type { Interval } from "../intervals/mod.ts";
import { Book, type Presumed, type Terminal } from "./book.ts";
import { DocumentShelf } from "./document_shelf.ts";
import type { ReceiptPart } from "./receipt_message.ts";

/** One line of the equation (G6). */
export interface LedgerEntry {
  readonly origin: string;
  readonly destination: string;
  readonly accepted: number;
  readonly delivered: number;
  readonly parked: number;
  readonly queued: number;
  readonly expired: number;
  readonly rejected: number;
  readonly evicted: number;
  readonly balanced: boolean;
}

export interface BooksParts {
  readonly self: string;
  /** This boot's. */
  readonly epoch: number;
  /** A document is needed by nobody any more. */
  readonly onSettled: (document: CustodyDocument) => void;
  /** Something ended otherwise than by delivery, or was delivered although this side had ended it. */
  readonly onEnded?: (end: PairsEnd) => void;
}

/** Events that ended at a destination; `delivered` only where something else was told of them before. */
export interface PairsEnd {
  readonly destination: string;
  readonly epoch: number;
  readonly interval: Interval;
  readonly terminal: Terminal;
  /** A stable code. */
  readonly reason: string;
}

/** Stands for all epochs that are closed; no store has it. */
const SUM_EPOCH = 0;

/** Characters of a code that a destination gives. */
const REASON_MAX = 64;

export class Books {
  readonly #parts: BooksParts;
  readonly #books = new Map<string, Map<number, Book>>();
  readonly #shelf: DocumentShelf;
  readonly #dirty = new Set<Book>();
  readonly #listeners = new Set<() => void>();

  constructor(parts: BooksParts) {
    this.#parts = parts;
    this.#shelf = new DocumentShelf();
  }

  load(key: string, bytes: Uint8Array): void {
    this.#ofKey(key).load(bytes);
  }

  loadAssigned(key: string, bytes: Uint8Array): void {
    this.#ofKey(key).loadAssigned(bytes);
  }

  /** The book of this boot. */
  current(destination: string): Book {
    return this.of(destination, this.#parts.epoch);
  }

  of(destination: string, epoch: number): Book {
    const epochs = this.#epochsOf(destination);
    let book = epochs.get(epoch);
    if (book === undefined) epochs.set(epoch, book = new Book(destination, epoch));
    return book;
  }

  /** A book that was begun and is not closed. */
  find(destination: string, epoch: number): Book | undefined {
    return this.#books.get(destination)?.get(epoch);
  }

  has(destination: string, epoch: number): boolean {
    return this.find(destination, epoch) !== undefined;
  }

  *[Symbol.iterator](): Generator<Book> {
    for (const epochs of this.#books.values()) yield* epochs.values();
  }

  /** A document of own events, whose (event, destination) pairs are outstanding. */
  shelve(document: CustodyDocument, epoch: number, destinations: readonly string[]): void {
    document.owed = true;
    this.#shelf.add(document, epoch, destinations);
  }

  /** Whether shipments are everything of a document of own events that has not ended. */
  isAllOf(document: CustodyDocument, shipments: readonly Shipment[]): boolean {
    const open = this.#shelf.openIn(document);
    if (open === undefined) return false;
    return [...open.destinations].every((destination) => {
      const waiting = shipments.filter(({ destinations }) =>
        destinations.some(({ cluster }) => cluster === destination)
      );
      const book = this.find(destination, open.epoch);
      const count = waiting.reduce((sum, shipment) => sum + shipment.count, 0);
      return book?.openBetween(document.first - 1, document.last) === count;
    });
  }

  /** Whether one document may stand for both: nothing of another one is between them. */
  mayMerge(document: CustodyDocument, next: CustodyDocument): boolean {
    if (!document.owed || !next.owed) return document.owed === next.owed;
    return this.#shelf.areNeighbours(document, next);
  }

  /** One document stands for several now. */
  mergeShelved(document: CustodyDocument, from: readonly CustodyDocument[]): void {
    document.owed = this.#shelf.replace(from, document);
  }

  /** The first hop has taken these; only own events are in the books. */
  handedOver(shipments: readonly Shipment[]): void {
    for (const shipment of shipments) {
      if (shipment.origin !== this.#parts.self) continue;
      const to = sequenceAt(shipment, shipment.count - 1);
      for (const { cluster, previous } of shipment.destinations) {
        const after = Math.min(previous, shipment.firstSequence - 1);
        const book = this.find(cluster, shipment.epoch);
        if (book !== undefined) this.#note(book, () => book.handOver(after, to));
      }
    }
    this.#tell();
  }

  /** What a destination says of the events of an epoch. Answers up to where everything has ended there. */
  receive(destination: string, epoch: number, part: Pick<ReceiptPart, "intervals" | "exceptions">): number {
    const book = this.#epochsOf(destination).get(epoch);
    if (book === undefined) return 0;
    this.#note(book, () => {
      for (const { sequence, state, reason } of part.exceptions) {
        if (state !== "delivered") this.#end(book, [sequence - 1, sequence], state, reason);
      }
      for (const interval of part.intervals) {
        this.#correct(book, interval);
        book.end(interval[0], interval[1], "delivered");
      }
    });
    this.#release(epoch, destination, part.intervals);
    this.#tell();
    return book.low;
  }

  /** Ends everything that is outstanding for a destination that is gone for good. */
  forget(destination: string): number {
    let count = 0;
    for (const book of this.#epochsOf(destination).values()) {
      const all = book.open;
      this.#note(book, () => {
        for (const interval of all) count += this.#end(book, interval, "evicted", "FORGOTTEN");
      });
      this.#release(book.epoch, destination, all);
    }
    this.#tell();
    return count;
  }

  /** Own events that this side ends before their destinations, which tell later whether that is so. */
  presume(shipment: Shipment, terminal: Presumed, reason: string): void {
    if (shipment.origin !== this.#parts.self) return;
    for (const { cluster } of shipment.destinations) {
      const book = this.find(cluster, shipment.epoch);
      if (book === undefined) continue;
      for (const interval of sequenceIntervals(shipment)) {
        this.#note(book, () => {
          if (book.presume(interval[0], interval[1], terminal) === 0) return;
          this.#parts.onEnded?.({ destination: cluster, epoch: book.epoch, interval, terminal, reason });
        });
      }
    }
    this.#tell();
  }

  /** Ends one pair that this side ends itself. */
  end(destination: string, epoch: number, sequence: number, terminal: Terminal, reason = ""): void {
    this.#note(this.of(destination, epoch), (book) => {
      if (terminal === "delivered") book.end(sequence - 1, sequence, terminal);
      else this.#end(book, [sequence - 1, sequence], terminal, reason);
    });
    this.#release(epoch, destination, [[sequence - 1, sequence]]);
    this.#tell();
  }

  /** Destinations in which an own event has not ended; with `handed`, those whose first hop has not taken it. */
  pending(epoch: number, sequence: number, { untilHanded }: { untilHanded: boolean }): string[] {
    const pending: string[] = [];
    for (const [destination, epochs] of this.#books) {
      const open = [epochs.get(epoch), epochs.get(pickedAnew(epoch))].some((book) =>
        book?.outstanding.has(sequence) && (!untilHanded || !book.handed.has(sequence))
      );
      if (open) pending.push(destination);
    }
    return pending;
  }

  /**
   * Closes the books of epochs that are over and in which everything has ended: their sums are kept in one. Not before
   * every event of earlier runs has its destinations. Answers the closed ones, whose documents can go.
   */
  closeEpochs(): Book[] {
    const closed: Book[] = [];
    for (const [destination, epochs] of this.#books) {
      for (const book of [...epochs.values()]) {
        const isOver = acceptedEpoch(book.epoch) !== this.#parts.epoch && book.epoch !== SUM_EPOCH;
        if (!isOver || !book.settled) continue;
        this.#note(this.of(destination, SUM_EPOCH), (sum) => sum.absorb(book));
        epochs.delete(book.epoch);
        this.#dirty.delete(book);
        closed.push(book);
      }
    }
    return closed;
  }

  /** The oldest epoch in which something may still be under way to a destination, as its order goes; else that of this boot. */
  openFrom(destination: string): number {
    let oldest = this.#parts.epoch;
    for (const book of this.#books.get(destination)?.values() ?? []) {
      if (book.epoch < oldest && book.epoch !== SUM_EPOCH && !book.settled) oldest = book.epoch;
    }
    return oldest;
  }

  /** The sums of all epochs that are closed. */
  sumOf(destination: string): Book {
    return this.of(destination, SUM_EPOCH);
  }

  /** Calls `listener` when something ended or was handed over. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Books that changed since they were last asked for: to be written down. */
  takeDirty(): Book[] {
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    return dirty;
  }

  touch(book: Book): void {
    this.#dirty.add(book);
  }

  /** The equation, per destination. `parked`: pairs parked in this cluster; `recounted`: outstanding pairs as documents show them. */
  entries(parked: (destination: string) => number, recounted: (destination: string) => number): LedgerEntry[] {
    return [...this.#books].map(([destination, epochs]) => {
      const sum = (value: (book: Book) => number) =>
        [...epochs.values()].reduce((total, book) => total + value(book), 0);
      const accepted = sum((book) => book.assigned);
      const open = recounted(destination);
      const waiting = Math.min(parked(destination), open);
      const { delivered, expired, rejected, evicted } = {
        delivered: sum((book) => book.ended.delivered),
        expired: sum((book) => book.ended.expired),
        rejected: sum((book) => book.ended.rejected),
        evicted: sum((book) => book.ended.evicted),
      };
      const balanced = accepted === delivered + expired + rejected + evicted + open;
      const origin = this.#parts.self;
      return {
        origin,
        destination,
        accepted,
        delivered,
        parked: waiting,
        queued: open - waiting,
        expired,
        rejected,
        evicted,
        balanced,
      };
    });
  }

  /** Answers how many events have ended by this. */
  #end(book: Book, interval: Interval, terminal: PairsEnd["terminal"], reason: string): number {
    const { destination, epoch } = book;
    const isNews = book.isOpen(interval[0], interval[1]);
    const count = book.end(interval[0], interval[1], terminal);
    if (isNews) {
      this.#parts.onEnded?.({ destination, epoch, interval, terminal, reason: reason.slice(0, REASON_MAX) });
    }
    return count;
  }

  /** What this side had ended was delivered after all. */
  #correct({ presumed, destination, epoch }: Book, [after, to]: Interval): void {
    for (const set of Object.values(presumed)) {
      for (const interval of set.within(after, to)) {
        this.#parts.onEnded?.({ destination, epoch, interval, terminal: "delivered", reason: "OK" });
      }
    }
  }

  #note(book: Book, change: (book: Book) => void): void {
    change(book);
    this.#dirty.add(book);
  }

  #release(epoch: number, destination: string, intervals: readonly (readonly [number, number])[]): void {
    const book = this.of(destination, epoch);
    const outstanding = { intersects: (from: number, until: number) => book.isOpen(from, until) };
    for (const [after, to] of intervals) {
      for (const document of this.#shelf.settle(epoch, destination, { after, to, outstanding })) {
        document.owed = false;
        if (document.open === 0) this.#parts.onSettled(document);
      }
    }
  }

  /** Keys end with the destination and the epoch. */
  #ofKey(key: string): Book {
    const [destination, epoch] = key.split("/").slice(-2);
    return this.of(destination, Number(epoch));
  }

  #epochsOf(destination: string): Map<number, Book> {
    let epochs = this.#books.get(destination);
    if (epochs === undefined) this.#books.set(destination, epochs = new Map());
    return epochs;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
