/**
 * The origin's account of one destination in one epoch: every event that was assigned to it ends as exactly one of
 * delivered, rejected, expired or evicted, and is outstanding until then. Each term is counted at its own transition.
 */

import type { StateChange } from "../../node/mod.ts";
import { type Interval, IntervalSet } from "../intervals/mod.ts";

export const BOOK_PREFIX = "federation/book";
export const ASSIGNED_PREFIX = "federation/assigned";

/** How an (event, destination) pair ends. */
export type Terminal = "delivered" | "rejected" | "expired" | "evicted";

const TERMINALS: readonly Terminal[] = ["delivered", "rejected", "expired", "evicted"];

/** Ends that an origin comes to by itself. */
export type Presumed = "expired" | "evicted" | "rejected";

const PRESUMED: readonly Presumed[] = ["expired", "evicted", "rejected"];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

type Ranges = readonly (readonly [after: number, to: number])[];

/** Written with the sets that it counts, in one commit. */
interface AssignedJson {
  readonly assigned: number;
  readonly last: number;
}

/** Written soon after what it tells. */
interface BookJson {
  readonly ended: Readonly<Record<Terminal, number>>;
  readonly over: Ranges;
  readonly handed: Ranges;
  /** Left out by earlier versions. */
  readonly presumed?: Readonly<Partial<Record<Presumed, Ranges>>>;
}

/**
 * Intervals go along the chain of the destination, (previous, number], so that in-order traffic is one, whatever share of
 * the origin's events the destination is to get. What is outstanding is not written: the custody documents say it.
 */
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
  /** Numbers up to which, and between which, nothing is outstanding any more. */
  readonly over = new IntervalSet();
  /** What the first hop has taken into its custody, ended or not. */
  readonly handed = new IntervalSet();
  /**
   * What this side has ended by itself, and what the destination has yet to confirm: a copy may have got there before, and
   * then it was delivered. Counted as ended already.
   */
  readonly presumed: Readonly<Record<Presumed, IntervalSet>> = toRecord(() => new IntervalSet());
  readonly #unconfirmed = [this.outstanding, ...Object.values(this.presumed)];

  /** Grows with each change of what `toChange()` tells. */
  changes = 0;
  /** Of these, those that the store has. */
  #written = 0;

  constructor(destination: string, epoch: number) {
    this.destination = destination;
    this.epoch = epoch;
  }

  loadAssigned(bytes: Uint8Array): void {
    const { assigned, last }: AssignedJson = JSON.parse(decoder.decode(bytes));
    this.assigned = assigned;
    this.last = last;
  }

  load(bytes: Uint8Array): void {
    const { ended, over, handed, presumed }: BookJson = JSON.parse(decoder.decode(bytes));
    Object.assign(this.ended, ended);
    for (const [after, to] of over) this.over.add(after, to);
    for (const [after, to] of handed) this.handed.add(after, to);
    for (const end of PRESUMED) for (const [after, to] of presumed?.[end] ?? []) this.presumed[end].add(after, to);
  }

  /** A custody document of an earlier run has consecutive events (after, to]: those that have not ended are outstanding. */
  reopen(after: number, to: number): void {
    const ended = this.over.within(after, to);
    this.outstanding.add(after, to);
    for (const [from, until] of ended) this.outstanding.remove(from, until);
    for (const end of PRESUMED) {
      for (const [from, until] of this.presumed[end].within(after, to)) this.outstanding.remove(from, until);
    }
  }

  /** Assigns consecutive events (after, to]. One that is picked for anew may be older than the last. */
  assign(after: number, to: number): void {
    this.assigned += to - after;
    this.outstanding.add(after, to);
    let taken = this.over.remove(after, to) + this.handed.remove(after, to);
    for (const end of PRESUMED) taken += this.presumed[end].remove(after, to);
    if (taken > 0) this.changes++;
    this.last = Math.max(this.last, to);
  }

  /** Ends what is outstanding in (after, to] until the destination knows better; answers how many events that were. */
  presume(after: number, to: number, end: Presumed): number {
    let count = 0;
    for (const [from, until] of this.outstanding.within(after, to)) {
      count += this.outstanding.remove(from, until);
      this.presumed[end].add(from, until);
    }
    this.ended[end] += count;
    if (count > 0) this.changes++;
    return count;
  }

  /** How this side has ended an event by itself. */
  presumedEnd(sequence: number): Presumed | undefined {
    return PRESUMED.find((end) => this.presumed[end].has(sequence));
  }

  /** Ends what is outstanding in (after, to]; answers how many events that were. */
  end(after: number, to: number, terminal: Terminal): number {
    let count = 0;
    for (const [from, until] of this.outstanding.within(after, to)) {
      count += until - from;
      this.outstanding.remove(from, until);
    }
    this.over.add(after, Math.min(to, Math.max(this.last, after)));
    this.ended[terminal] += count;
    for (const presumed of PRESUMED) {
      const known = this.presumed[presumed].remove(after, to);
      this.ended[presumed] -= known;
      this.ended[terminal] += known;
    }
    this.changes++;
    return count;
  }

  /** Takes back an assignment of (after, to] that could not be made durable. */
  withdraw(after: number, to: number): void {
    this.assigned -= to - after;
    this.outstanding.remove(after, to);
    if (this.handed.remove(after, to) > 0) this.changes++;
  }

  /** Takes over the account of a book that is closed. */
  absorb(closed: Book): void {
    this.assigned += closed.assigned;
    for (const terminal of TERMINALS) this.ended[terminal] += closed.ended[terminal];
    this.changes++;
  }

  /** The first hop has what is in (after, to] in its custody; `after` is the number before it in the chain. */
  handOver(after: number, to: number): void {
    if (this.handed.add(after, to) > 0) this.changes++;
  }

  /** The store has what the book told when it had changed so often. */
  noteWritten(changes: number): void {
    this.#written = Math.max(this.#written, changes);
  }

  /** The store has all that it tells now. */
  get isWritten(): boolean {
    return this.#written === this.changes;
  }

  /** Nothing is outstanding, nor has to be confirmed. */
  get settled(): boolean {
    return this.#first === Infinity;
  }

  /** Whether the destination has yet to tell the end of any in (after, to]. */
  isOpen(after: number, to: number): boolean {
    return this.outstanding.intersects(after, to) || PRESUMED.some((end) => this.presumed[end].intersects(after, to));
  }

  /** Numbers in (after, to] of which the destination has yet to tell the end. */
  openBetween(after: number, to: number): number {
    return this.#unconfirmed.reduce((sum, set) => sum + set.countWithin(after, to), 0);
  }

  /** Everything up to here has ended, as the destination knows. */
  get low(): number {
    return this.settled ? this.last : this.#first - 1;
  }

  /** Numbers of which the destination has yet to tell the end. */
  get open(): Interval[] {
    return this.#unconfirmed.flatMap((set) => set.toArray());
  }

  /** Whether this side has ended any by itself. */
  get presumes(): boolean {
    return PRESUMED.some((end) => this.presumed[end].size > 0);
  }

  get #first(): number {
    return this.#unconfirmed.reduce((least, { first }) => Math.min(least, first ?? Infinity), Infinity);
  }

  /** What the commit says that also writes the sets. */
  toAssignedChange(): StateChange {
    const json: AssignedJson = { assigned: this.assigned, last: this.last };
    return { key: this.assignedKey, value: encoder.encode(JSON.stringify(json)) };
  }

  toChange(): StateChange {
    if (this.low > 0) this.over.add(0, this.low);
    const json: BookJson = {
      ended: this.ended,
      over: this.over.toArray(),
      handed: this.handed.toArray(),
      presumed: toRecord((end) => this.presumed[end].toArray()),
    };
    return { key: this.key, value: encoder.encode(JSON.stringify(json)) };
  }

  get key(): string {
    return `${BOOK_PREFIX}/${this.destination}/${this.epoch}`;
  }

  get assignedKey(): string {
    return `${ASSIGNED_PREFIX}/${this.destination}/${this.epoch}`;
  }
}

function toRecord<Value>(valueOf: (end: Presumed) => Value): Record<Presumed, Value> {
  return { expired: valueOf("expired"), evicted: valueOf("evicted"), rejected: valueOf("rejected") };
}
