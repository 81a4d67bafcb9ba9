/** What became of events, on both sides: the books of this cluster as an origin, and its receipts as a destination. */

import type { StateChange } from "../../node/mod.ts";
import { Coverages } from "../custody/coverage.ts";
import type { CustodyDocument, Shipment } from "../custody/shipment.ts";
import type { Relay } from "../relay.ts";
import type { World } from "../world.ts";
import { Books } from "./books.ts";
import { ReceiptAssembly } from "./receipt_assembly.ts";
import { parseReceiptAck, parseReceiptPart } from "./receipt_message.ts";
import { Receipts } from "./receipts.ts";

export interface AccountsParts {
  readonly world: World;
  readonly self: string;
  /** This boot's. */
  readonly epoch: number;
  readonly relay: Relay;
  /** Writes a document down soon. */
  readonly save: (change: StateChange) => void;
  /** Calls back when everything that was saved so far is durable. */
  readonly whenDurable: (done: () => void) => void;
  readonly onSettled: (document: CustodyDocument) => void;
}

export class Accounts {
  readonly books: Books;
  readonly receipts: Receipts;
  readonly coverages = new Coverages();
  readonly #parts: AccountsParts;
  readonly #assembly = new ReceiptAssembly();

  constructor(parts: AccountsParts) {
    const { world, self, epoch, relay, onSettled } = parts;
    this.#parts = parts;
    this.books = new Books({ self, epoch, onSettled });
    this.receipts = new Receipts({
      world,
      coverages: this.coverages,
      send: (to, part) => relay.send(to, "receipt", part),
    });
    relay.handle("receipt", (from, body) => this.#receipt(from, body));
    relay.handle("receipt-ack", (from, body) => this.#acknowledgement(from, body));
  }

  /** The first hop has taken these into its custody. */
  handedOver(shipments: readonly Shipment[]): void {
    this.books.handedOver(shipments);
    this.save();
  }

  /** Writes down the books that have changed. */
  save(): void {
    for (const book of this.books.takeDirty()) this.#parts.save(asItIsThen(book));
  }

  #receipt(from: string, body: unknown): void {
    const part = parseReceiptPart(body);
    const receipt = part && this.#assembly.add(from, part);
    if (part === undefined || receipt === undefined) return;
    const low = this.books.receive(from, part.epoch, receipt);
    this.save();
    // The destination will not say it again: this side must not forget it.
    this.#parts.whenDurable(() => {
      this.#parts.relay.send(from, "receipt-ack", { epoch: part.epoch, version: part.version, low });
    });
  }

  #acknowledgement(from: string, body: unknown): void {
    const ack = parseReceiptAck(body);
    const coverage = ack && this.receipts.acknowledged(from, ack);
    if (coverage !== undefined) this.#parts.save(asItIsThen(coverage));
  }
}

/**
 * The change with the state of the moment in which it is written. Other commits write the same documents in between, and
 * what was true when the change was noted would put an older state over theirs.
 */
function asItIsThen(document: { toChange(): StateChange }): StateChange {
  const { key } = document.toChange();
  return {
    key,
    get value() {
      return document.toChange().value;
    },
  };
}
