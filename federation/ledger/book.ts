/**
 * The origin's account of one destination in one epoch: every event that was assigned to it ends as exactly one of
 * delivered, rejected, expired or evicted, and is outstanding until then. Each term is counted at its own transition.
 */

import type { StateChange } from "../../node/mod.ts";
import { IntervalSet } from "../intervals/mod.ts";

export const BOOK_PREFIX = "federation/book";

/** How an (event, destination) pair ends. */
export type Terminal = "delivered" | "rejected" | "expired" | "evicted";

const TERMINALS: readonly Terminal[] = ["delivered", "rejected", "expired", "evicted"];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

type Ranges = readonly (readonly [after: number, to: number])[];

interface BookJson {
  readonly assigned: number;
  readonly ended: Readonly<Record<Terminal, number>>;
  readonly last: number;
  readonly outstanding: Ranges;
  readonly handed: Ranges;
}

export class Book {
  readonly destination: string;
  readonly epoch: number;
  /** Pairs that were ever assigned. */
  assigned = 0;
  readonly ended: Record<Terminal, number> = { delivered: 0, rejected: 0, expired: 0, evicted: 0 };
  /** Number of the last event assigned: `previous` of the next. */
  last = 0;
  /** Numbers of the events whose end is not known. */
  readonly outstanding = new IntervalSet();
  /** Those of them that the first hop has taken into its custody. */
  readonly handed = new IntervalSet();

  constructor(destination: string, epoch: number) {
    this.destination = destination;
    this.epoch = epoch;
  }

  static fromDocument(key: string, bytes: Uint8Array): Book {
    const [destination, epoch] = key.slice(BOOK_PREFIX.length + 1).split("/");
    const book = new Book(destination, Number(epoch));
    const json: BookJson = JSON.parse(decoder.decode(bytes));
    book.assigned = json.assigned;
    book.last = json.last;
    Object.assign(book.ended, json.ended);
    for (const [after, to] of json.outstanding) book.outstanding.add(after, to);
    for (const [after, to] of json.handed) book.handed.add(after, to);
    return book;
  }

  /** Assigns consecutive events (from, to]. */
  assign(after: number, to: number): void {
    this.assigned += to - after;
    this.outstanding.add(after, to);
    this.last = Math.max(this.last, to);
  }

  /** Ends what is outstanding in (after, to]; answers how many events that were. */
  end(after: number, to: number, terminal: Terminal): number {
    let count = 0;
    for (const [from, until] of [...this.outstanding.within(after, to)]) {
      count += until - from;
      this.outstanding.remove(from, until);
      this.handed.remove(from, until);
    }
    this.ended[terminal] += count;
    return count;
  }

  /** Takes back an assignment of (after, to] that could not be made durable. */
  withdraw(after: number, to: number): void {
    this.assigned -= to - after;
    this.outstanding.remove(after, to);
    this.handed.remove(after, to);
  }

  /**
   * Takes back what was assigned after a position: a book can be written a moment before the sets that it counts, and
   * those are then found anew.
   */
  takeBackAfter(position: number): void {
    for (const [after, to] of [...this.outstanding.within(position, Number.MAX_SAFE_INTEGER)]) this.withdraw(after, to);
    this.last = Math.min(this.last, position);
  }

  /** Takes over the account of a book that is closed. */
  absorb(closed: Book): void {
    this.assigned += closed.assigned;
    for (const terminal of TERMINALS) this.ended[terminal] += closed.ended[terminal];
  }

  /** The first hop has these in its custody. */
  handOver(after: number, to: number): void {
    for (const [from, until] of this.outstanding.within(after, to)) this.handed.add(from, until);
  }

  get settled(): boolean {
    return this.outstanding.size === 0;
  }

  /** Everything up to here has ended. */
  get low(): number {
    const first = this.outstanding.first;
    return first === undefined ? this.last : first - 1;
  }

  toChange(): StateChange {
    const json: BookJson = {
      assigned: this.assigned,
      ended: this.ended,
      last: this.last,
      outstanding: [...this.outstanding],
      handed: [...this.handed],
    };
    return { key: this.key, value: encoder.encode(JSON.stringify(json)) };
  }

  get key(): string {
    return `${BOOK_PREFIX}/${this.destination}/${this.epoch}`;
  }
}
