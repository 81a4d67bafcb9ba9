/**
 * The equation (G6): what was accepted for a destination has ended there, waits, or is on its way. What waits is counted
 * where it waits, never as the remainder of the other terms, so that a difference shows.
 */

import type { StateEntry } from "../../node/mod.ts";
import { owedRuns } from "../custody/owed_runs.ts";
import { CUSTODY_PREFIX, custodyPosition, decodeRuns } from "../custody/run_document.ts";
import { type Run, sequenceIntervals } from "../custody/shipment.ts";
import type { Federation } from "../federation.ts";
import { IntervalSet } from "../intervals/mod.ts";
import type { Book } from "../ledger/book.ts";
import type { LedgerEntry } from "../ledger/books.ts";

/** By destination. Counts what waits in memory: in queues, in frames under way, with first hops. */
export function ledgerEntries(federation: Federation): LedgerEntry[] {
  const open = new Pairs(federation.self);
  for (const run of owedRuns(federation)) open.add(run);
  const count = (destination: string) => {
    return sum(booksOf(federation, destination), (book) => openIn(book, open.of(destination, book.epoch)));
  };
  return sorted(federation.accounts.books.entries((destination) => parkedFor(federation, destination), count));
}

/** The same, but counts what waits in the custody documents of the store. */
export function recountLedger(
  federation: Federation,
  done: (error: unknown, entries: readonly LedgerEntry[]) => void,
): void {
  const { accounts: { books }, departures, log, self } = federation;
  const { committing } = departures;
  const before = [...books].map((book) => ({ book, outstanding: book.outstanding.clone() }));
  const counted = books.entries((destination) => parkedFor(federation, destination), () => Infinity);
  log.list(`${CUSTODY_PREFIX}/`, (error, documents) => {
    if (error !== undefined) return done(error, []);
    try {
      const open = readPairs(documents, self);
      for (const run of committing) open.add(run);
      const entries = counted.map((entry) => {
        const own = before.filter(({ book }) => book.destination === entry.destination);
        return close(
          entry,
          sum(own, ({ book, outstanding }) => {
            const pairs = open.of(book.destination, book.epoch);
            // What ended while the store was read may have lost its document meanwhile.
            return countBoth(outstanding, pairs) + (outstanding.size - countBoth(outstanding, pairs, book.outstanding));
          }),
        );
      });
      done(undefined, sorted(entries));
    } catch (failure) {
      done(failure, []);
    }
  });
}

/** Pairs by which the equation fails, over all destinations: 0 unless something is wrong. */
export function unbalancedPairs(federation: Federation): number {
  return sum(ledgerEntries(federation), ({ accepted, ...entry }) => {
    const { delivered, parked, queued, expired, rejected, evicted } = entry;
    return Math.abs(accepted - delivered - parked - queued - expired - rejected - evicted);
  });
}

/** Own (event, destination) pairs by destination and epoch. */
class Pairs {
  readonly #self: string;
  readonly #sets = new Map<string, IntervalSet>();

  constructor(self: string) {
    this.#self = self;
  }

  add(run: Run): void {
    if (run.origin !== this.#self) return;
    for (const { cluster } of run.destinations) {
      const set = this.of(cluster, run.epoch);
      for (const [after, to] of sequenceIntervals(run)) set.add(after, to);
    }
  }

  of(destination: string, epoch: number): IntervalSet {
    const key = `${destination}/${epoch}`;
    let set = this.#sets.get(key);
    if (set === undefined) this.#sets.set(key, set = new IntervalSet());
    return set;
  }
}

function readPairs(documents: readonly StateEntry[], self: string): Pairs {
  const pairs = new Pairs(self);
  for (const { key, value } of documents) for (const run of decodeRuns(value, custodyPosition(key))) pairs.add(run);
  return pairs;
}

/** A copy that a first hop has taken may still be under way here, too: it counts once. */
function openIn({ outstanding, handed }: Book, waiting: IntervalSet): number {
  const either = handed.clone();
  either.merge(waiting);
  return countBoth(outstanding, either);
}

/** Numbers that are in both, or in the first and in one of the others. */
function countBoth(set: IntervalSet, ...others: readonly IntervalSet[]): number {
  const [first, ...rest] = others;
  const either = rest.length === 0 ? first : first.clone();
  for (const other of rest) either.merge(other);
  let count = 0;
  for (const [after, to] of set) for (const [from, until] of either.within(after, to)) count += until - from;
  return count;
}

function close(entry: LedgerEntry, open: number): LedgerEntry {
  const { accepted, delivered, expired, rejected, evicted } = entry;
  const parked = Math.min(entry.parked, open);
  const balanced = accepted === delivered + expired + rejected + evicted + open;
  return { ...entry, parked, queued: open - parked, balanced };
}

function parkedFor({ custody, self }: Federation, destination: string): number {
  return sum(
    [...custody.parked.get(destination) ?? []],
    ({ origin, count, ended }) => origin === self && ended === undefined ? count : 0,
  );
}

function booksOf({ accounts }: Federation, destination: string): Book[] {
  return [...accounts.books].filter((book) => book.destination === destination);
}

function sorted(entries: readonly LedgerEntry[]): LedgerEntry[] {
  return entries.toSorted((a, b) => a.destination < b.destination ? -1 : 1);
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
