/** What became of events, on both sides: the books of this cluster as an origin, and its receipts as a destination. */

import type { StateChange } from "../../node/mod.ts";
import { type Coverage, Coverages } from "../custody/coverage.ts";
import { acceptedEpoch, isPickedAnew } from "../custody/epochs.ts";
import type { CustodyDocument, Shipment } from "../custody/shipment.ts";
import type { Relay } from "../relay.ts";
import type { World } from "../world.ts";
import { Books, type PairsEnd } from "./books.ts";
import { OriginOrder } from "./origin_order.ts";
import { ReceiptAssembly } from "./receipt_assembly.ts";
import { parseReceiptAck, parseReceiptPart, type ReceiptAck } from "./receipt_message.ts";
import { Receipts } from "./receipts.ts";

export interface AccountsParts {
  readonly world: World;
  readonly self: string;
  /** This boot's. */
  readonly epoch: number;
  readonly relay: Relay;
  /** Writes a document down soon. */
  readonly save: (change: StateChange) => void;
  /** What the store has committed it never loses. */
  readonly syncs: boolean;
  /** Calls back once what the store has committed by now is synced. */
  readonly whenSynced: (done: () => void) => void;
  /** A cluster that was picked for some groups has no member of them: another one has to be. */
  readonly onNoMember: (cluster: string, event: { epoch: number; sequence: number; groups: readonly string[] }) => void;
  /** Every event of earlier runs has its destinations: an epoch without a book is over. */
  readonly mayForget: () => boolean;
  /** Calls back when everything that was saved so far is durable. */
  readonly whenDurable: (done: () => void) => void;
  readonly onSettled: (document: CustodyDocument) => void;
  /** Something of this cluster ended elsewhere otherwise than by delivery. */
  readonly onEnded?: (end: PairsEnd) => void;
}

export class Accounts {
  readonly books: Books;
  readonly receipts: Receipts;
  readonly order: OriginOrder;
  readonly coverages = new Coverages();
  readonly #parts: AccountsParts;
  readonly #assembly = new ReceiptAssembly();

  constructor(parts: AccountsParts) {
    const { world, self, epoch, relay, onSettled, onEnded } = parts;
    this.#parts = parts;
    this.books = new Books({ self, epoch, onSettled, onEnded });
    this.receipts = new Receipts({
      world,
      coverages: this.coverages,
      whenSynced: parts.whenSynced,
      send: (to, part) => relay.send(to, "receipt", part),
    });
    this.order = new OriginOrder({
      world,
      self,
      coverages: this.coverages,
      ask: (origin, ofEpoch) => this.#ask(origin, ofEpoch),
      save: parts.save,
    });
    relay.handle("receipt", (from, body) => this.#receipt(from, body));
    relay.handle("receipt-ack", (from, body) => this.#acknowledgement(from, body));
  }

  /** Coverage has grown, and is committed. */
  covered(coverage: Coverage): void {
    this.receipts.note(coverage);
    this.order.noteCovered(coverage.origin);
  }

  /** A cluster that is gone for good: answers how many events for it have ended by that. */
  forget(cluster: string): number {
    this.order.forget(cluster);
    return this.books.forget(cluster);
  }

  stop(): void {
    this.receipts.stop();
    this.order.stop();
  }

  /** The first hop has taken these into its custody. */
  handedOver(shipments: readonly Shipment[]): void {
    this.books.handedOver(shipments);
    this.save();
  }

  /** Writes down the books that have changed. */
  save(): void {
    const dirty = this.books.takeDirty();
    if (dirty.length === 0) return;
    for (const book of dirty) this.#parts.save(asItIsThen(book));
    const counts = dirty.map(({ changes }) => changes);
    this.#parts.whenDurable(() => dirty.forEach((book, i) => book.noteWritten(counts[i])));
  }

  /** Closes the books of earlier runs, as far as everything in them has ended, and tells the destinations. */
  closeEpochs(): void {
    if (!this.#parts.mayForget()) return;
    const closed = this.books.closeEpochs();
    if (closed.length === 0) return;
    for (const { key, assignedKey, destination } of closed) {
      for (const gone of [key, assignedKey]) this.#parts.save({ key: gone, value: undefined });
      this.#parts.save(this.books.sumOf(destination).toAssignedChange());
    }
    this.save();
    this.#parts.whenDurable(() => {
      for (const { destination, epoch } of closed) {
        this.#answer(destination, { epoch, version: 0, low: 0, closed: true, openFrom: this.#openFrom(destination) });
      }
    });
  }

  #receipt(from: string, body: unknown): void {
    const part = parseReceiptPart(body);
    const receipt = part && this.#assembly.add(from, part);
    if (part === undefined || receipt === undefined) return;
    const { epoch, version } = part;
    for (const { reason, sequence, groups } of receipt.exceptions) {
      // Told again until it is acknowledged: only the first time ends something.
      if (reason === "NO_MEMBER" && this.books.find(from, epoch)?.outstanding.has(sequence)) {
        this.#parts.onNoMember(from, { epoch, sequence, groups: groups ?? [] });
      }
    }
    // Where numbers come out of order, one that is not there yet may still come.
    const reached = this.books.receive(from, epoch, receipt);
    const low = isPickedAnew(epoch) ? 0 : reached;
    const isOver = acceptedEpoch(epoch) !== this.#parts.epoch && !this.books.has(from, epoch);
    const closed = isOver && this.#parts.mayForget();
    const openFrom = this.#openFrom(from);
    this.save();
    // The destination will not say it again: this side must not forget it.
    this.#parts.whenDurable(() => this.#answer(from, { epoch, version, low, closed, openFrom }));
  }

  #openFrom(destination: string): number {
    return this.#parts.mayForget() ? this.books.openFrom(destination) : 0;
  }

  /** Its answer to the receipt says what has ended of an epoch, and of the ones before. */
  #ask(origin: string, epoch: number): void {
    const coverage = this.coverages.find(origin, epoch);
    if (coverage !== undefined) this.receipts.note(coverage);
    else if (this.coverages.isClosed(origin, epoch)) this.receipts.tellClosed(origin, epoch);
  }

  #answer(to: string, ack: ReceiptAck): void {
    this.#parts.relay.send(to, "receipt-ack", ack);
  }

  #acknowledgement(from: string, body: unknown): void {
    const ack = parseReceiptAck(body);
    // Only in memory: after a crash it is told again. Written beside a commit under way it could undo what that covers.
    if (ack === undefined) return;
    // What this store told before it lost its tail may be what the origin goes by: it says nothing of what is here now.
    if (!this.#parts.syncs) this.receipts.acknowledged(from, { ...ack, low: 0 });
    else if (ack.closed) this.#closed(from, ack.epoch);
    else this.receipts.acknowledged(from, ack);
    this.order.heard(from, ack);
  }

  #closed(origin: string, epoch: number): void {
    this.receipts.forget(origin, epoch);
    for (const change of this.coverages.close(origin, epoch)) this.#parts.save(change);
  }
}

/**
 * The change with the state of the moment in which it is written. Other commits write the same documents in between, and
 * what was true when the change was noted would put an older state over theirs.
 */
function asItIsThen(document: { readonly key: string; toChange(): StateChange }): StateChange {
  return {
    key: document.key,
    get value() {
      return document.toChange().value;
    },
  };
}
