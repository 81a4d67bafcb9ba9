/**
 * Finds events of this cluster that were handed over, whose end is not known, and of which nobody has a copy any more: a
 * data directory on their way went back to an older state. That is sure only when every cluster that is known has said so,
 * twice, and has watched in between: as long as one may have a copy, it is left to come.
 */

import { IntervalSet } from "../intervals/mod.ts";
import type { Book } from "../ledger/book.ts";
import type { World } from "../world.ts";
import type { Census, Tally } from "./census.ts";
import { CENSUS_INTERVALS } from "./census_message.ts";

export interface LostCustodyParts {
  readonly world: World;
  readonly census: Census;
  readonly books: Iterable<Book>;
  /** Every cluster that may have a copy, this one among them; `undefined` while one of them cannot be reached. */
  readonly holders: () => readonly string[] | undefined;
  /** Clusters on the way to another one, from this one on; empty while there is no way. */
  readonly wayTo: (cluster: string) => readonly string[];
  /** Numbers of a book that nobody has. `done`: others may be looked for. */
  readonly onLost: (book: Book, numbers: IntervalSet, done: () => void) => void;
}

/** What is open and handed over at two looks is asked for; a receipt mostly comes in a tenth of that. */
const LOOK_MS = 2000;
/** While others say that they have it, it is asked for less and less often. */
const PAUSE_MS_MAX = 300_000;

interface Inquiry {
  /** What was open and handed over at the last look, as far as one question can hold it. */
  suspects: IntervalSet;
  /** Reading of the monotonic clock, ms. */
  dueAt: number;
  pauseMs: number;
  /** Numbers up to here are with somebody: where one question cannot hold all, the next one is about those after them. */
  after: number;
  /** The first round found these with nobody. */
  missing?: { readonly census: number; readonly numbers: IntervalSet; readonly asked: readonly string[] };
}

export class LostCustody {
  readonly #parts: LostCustodyParts;
  readonly #inquiries = new Map<Book, Inquiry>();
  #censuses = 0;
  #busy = false;

  constructor(parts: LostCustodyParts) {
    this.#parts = parts;
  }

  /** To be called about once a second; asks about one book at a time. */
  look(): void {
    if (this.#busy) return;
    const now = this.#parts.world.now();
    let open = 0;
    for (const book of this.#parts.books) {
      if (book.settled) continue;
      open++;
      let inquiry = this.#inquiries.get(book);
      if (inquiry === undefined) this.#inquiries.set(book, inquiry = this.#begin(book));
      if (!this.#busy && now >= inquiry.dueAt) this.#inquire(book, inquiry);
    }
    if (this.#inquiries.size > open) this.#forgetSettled();
  }

  #forgetSettled(): void {
    const open = new Set(this.#parts.books);
    for (const book of this.#inquiries.keys()) if (book.settled || !open.has(book)) this.#inquiries.delete(book);
  }

  #begin(book: Book): Inquiry {
    return { suspects: suspectsIn(book, 0), after: 0, dueAt: this.#parts.world.now() + LOOK_MS, pauseMs: LOOK_MS };
  }

  #inquire(book: Book, inquiry: Inquiry): void {
    const suspects = suspectsIn(book, inquiry.after);
    const still = inBoth(inquiry.missing?.numbers ?? inquiry.suspects, suspects);
    inquiry.suspects = suspects;
    inquiry.dueAt = this.#parts.world.now() + LOOK_MS;
    if (still.size === 0) return this.#calm(inquiry);
    const holders = this.#parts.holders();
    const way = this.#parts.wayTo(book.destination);
    if (holders === undefined || way.length === 0) inquiry.missing = undefined;
    else if (inquiry.missing === undefined) this.#firstRound(book, inquiry, { still, holders, way });
    else this.#secondRound(book, inquiry, { still, holders });
  }

  #calm(inquiry: Inquiry): void {
    inquiry.missing = undefined;
    inquiry.after = 0;
    inquiry.pauseMs = LOOK_MS;
  }

  /** First those on the way: they have what is only slow, and nobody else has to be asked. */
  #firstRound(
    book: Book,
    inquiry: Inquiry,
    { still, holders, way }: { still: IntervalSet; holders: readonly string[]; way: readonly string[] },
  ): void {
    const census = ++this.#censuses;
    const others = holders.filter((cluster) => !way.includes(cluster));
    this.#ask(book, { clusters: way, census, numbers: still }, (onWay) => {
      const left = without(still, onWay);
      if (left.size === 0) return this.#heldBack(book, inquiry);
      this.#ask(book, { clusters: others, census, numbers: left }, (elsewhere) => {
        const missing = without(left, elsewhere);
        if (missing.size === 0) return this.#heldBack(book, inquiry);
        inquiry.missing = { census, numbers: missing, asked: [...way, ...others] };
      });
    });
  }

  #secondRound(
    book: Book,
    inquiry: Inquiry,
    { still, holders }: { still: IntervalSet; holders: readonly string[] },
  ): void {
    const { census, asked } = inquiry.missing!;
    inquiry.missing = undefined;
    // Who is known no more may have got it in the meantime.
    const clusters = [...new Set([...asked, ...holders])];
    this.#ask(book, { clusters, census, numbers: still }, (tally) => {
      const lost = tally.unwatched.length > 0 ? new IntervalSet() : without(still, tally);
      if (lost.size === 0) return this.#heldBack(book, inquiry);
      this.#calm(inquiry);
      this.#busy = true;
      this.#parts.onLost(book, lost, () => this.#busy = false);
    });
  }

  #ask(
    { destination, epoch }: Book,
    { clusters, census, numbers }: { clusters: readonly string[]; census: number; numbers: IntervalSet },
    done: (tally: Tally) => void,
  ): void {
    this.#busy = true;
    this.#parts.census.ask(clusters, { census, epoch, destination, intervals: [...numbers] }, (tally) => {
      this.#busy = false;
      done(tally);
    });
  }

  /** Somebody has it, or may have it. */
  #heldBack(book: Book, inquiry: Inquiry): void {
    const { suspects } = inquiry;
    inquiry.missing = undefined;
    inquiry.after = suspects.count < CENSUS_INTERVALS ? 0 : suspects.last!;
    inquiry.suspects = suspectsIn(book, inquiry.after);
    inquiry.dueAt = this.#parts.world.now() + inquiry.pauseMs;
    inquiry.pauseMs = Math.min(PAUSE_MS_MAX, inquiry.pauseMs * 2);
  }
}

/** Numbers whose end the destination has yet to tell, and which a first hop has taken: the least ones after a number. */
function suspectsIn(book: Book, from: number): IntervalSet {
  const { outstanding, handed } = book;
  const open = book.presumes ? new IntervalSet(book.open) : outstanding;
  const suspects = new IntervalSet();
  for (const [after, to] of open.within(from, Infinity)) {
    for (const interval of handed.within(after, to)) {
      suspects.add(...interval);
      if (suspects.count >= CENSUS_INTERVALS) return suspects;
    }
  }
  return suspects;
}

function inBoth(set: IntervalSet, other: IntervalSet): IntervalSet {
  const both = new IntervalSet();
  for (const [after, to] of set) for (const interval of other.within(after, to)) both.add(...interval);
  return both;
}

/** What nobody has; nothing while somebody is silent, who may have all of it. */
function without(numbers: IntervalSet, { held, silent }: Tally): IntervalSet {
  if (silent.length > 0) return new IntervalSet();
  const left = numbers.clone();
  left.subtract(held);
  return left;
}
