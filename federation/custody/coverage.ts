/**
 * What this cluster has of another one's events: for each (origin, epoch) the intervals of the origin's numbers that are
 * done with here, whether delivered, repeated or ended on the way. It is how repeats are known, and what receipts tell.
 */

import type { StateChange } from "../../node/mod.ts";
import { IntervalSet } from "../intervals/mod.ts";

/** What the origin should know of a number besides that it is covered: why it was not delivered, or not to all. */
export interface Exception {
  readonly sequence: number;
  readonly state: "delivered" | "expired" | "rejected" | "evicted";
  readonly reason: string;
  /** With `NO_MEMBER`: groups for which this cluster was picked, but of which it has no member any more. */
  readonly groups?: readonly string[];
}

export const COVERAGE_PREFIX = "federation/covered";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface CoverageJson {
  readonly intervals: readonly (readonly [after: number, to: number])[];
  readonly exceptions: readonly Exception[];
  readonly acknowledged: number;
  readonly version: number;
}

export class Coverage {
  readonly origin: string;
  readonly epoch: number;
  intervals = new IntervalSet();
  /** Those that the origin has not acknowledged. */
  exceptions = new Map<number, Exception>();
  /** Grows with each change; the origin has acknowledged `acknowledged`. */
  version = 0;
  acknowledged = 0;

  constructor(origin: string, epoch: number) {
    this.origin = origin;
    this.epoch = epoch;
  }

  static fromDocument(key: string, bytes: Uint8Array): Coverage {
    const [origin, epoch] = key.slice(COVERAGE_PREFIX.length + 1).split("/");
    const coverage = new Coverage(origin, Number(epoch));
    const json: CoverageJson = JSON.parse(decoder.decode(bytes));
    for (const [after, to] of json.intervals) coverage.intervals.add(after, to);
    for (const exception of json.exceptions) coverage.exceptions.set(exception.sequence, exception);
    coverage.version = json.version;
    coverage.acknowledged = json.acknowledged;
    return coverage;
  }

  /** Whether the event was there before. */
  has(sequence: number): boolean {
    return this.intervals.has(sequence);
  }

  /** Everything after `previous` up to `sequence`, which is the next event for this cluster, is done with. */
  cover(previous: number, sequence: number, exception?: Omit<Exception, "sequence">): void {
    this.intervals.add(Math.min(previous, sequence - 1), sequence);
    if (exception !== undefined) this.exceptions.set(sequence, { sequence, ...exception });
    this.version++;
  }

  /**
   * The origin knows everything of a version, and that nothing up to `low` is open any more. A version that is still to come
   * was told by a disk that this one is an older copy of: it says nothing of what comes now.
   */
  acknowledge(version: number, low: number): void {
    if (low > 0) this.intervals.add(0, low);
    if (version > this.version) return;
    this.acknowledged = Math.max(this.acknowledged, version);
    if (version === this.version) this.exceptions.clear();
  }

  toChange(): StateChange {
    const json: CoverageJson = {
      intervals: this.intervals.toArray(),
      exceptions: [...this.exceptions.values()],
      acknowledged: this.acknowledged,
      version: this.version,
    };
    return { key: `${COVERAGE_PREFIX}/${this.origin}/${this.epoch}`, value: encoder.encode(JSON.stringify(json)) };
  }

  clone(): Coverage {
    const copy = new Coverage(this.origin, this.epoch);
    copy.restore(this);
    return copy;
  }

  restore(from: Coverage): void {
    this.intervals = from.intervals.clone();
    this.exceptions = new Map(from.exceptions);
    this.version = from.version;
    this.acknowledged = from.acknowledged;
  }
}

/**
 * Epochs of an origin in which everything has ended, by its own word, and up to which number: what comes of them is a
 * repeat. A later number is none: then a copy of the origin's data closed the epoch, which knew nothing of it.
 */
export const CLOSED_PREFIX = "federation/closed";

/** The coverage of every origin and epoch. */
export class Coverages {
  readonly #byOrigin = new Map<string, Map<number, Coverage>>();
  readonly #closed = new Map<string, Map<number, number>>();
  #staged: readonly Coverage[] = [];

  of(origin: string, epoch: number): Coverage {
    let epochs = this.#byOrigin.get(origin);
    if (epochs === undefined) this.#byOrigin.set(origin, epochs = new Map());
    let coverage = epochs.get(epoch);
    if (coverage === undefined) epochs.set(epoch, coverage = new Coverage(origin, epoch));
    return coverage;
  }

  find(origin: string, epoch: number): Coverage | undefined {
    return this.#byOrigin.get(origin)?.get(epoch);
  }

  /**
   * The origin has closed an epoch: its last number stands for its coverage from now on. Epochs are told apart as a whole, not
   * by their order, for an origin that was restored may count lower than before.
   */
  close(origin: string, epoch: number): StateChange[] {
    const last = this.find(origin, epoch)?.intervals.last ?? 0;
    this.#byOrigin.get(origin)?.delete(epoch);
    let closed = this.#closed.get(origin);
    if (closed === undefined) this.#closed.set(origin, closed = new Map());
    closed.set(epoch, Math.max(last, closed.get(epoch) ?? 0));
    return [
      { key: `${COVERAGE_PREFIX}/${origin}/${epoch}`, value: undefined },
      { key: `${CLOSED_PREFIX}/${origin}`, value: encoder.encode(JSON.stringify([...closed])) },
    ];
  }

  /** Coverage as a commit under way will leave it: its events may be seen in the log before that counts here. */
  stage(coverages: readonly Coverage[]): void {
    this.#staged = coverages;
  }

  /** Whether an event of the log came in custody: only then it has a place among the origin's numbers for this cluster. */
  cameInCustody(origin: string, epoch: number, sequence: number): boolean {
    if (sequence <= (this.closedUpTo(origin, epoch) ?? 0) || this.find(origin, epoch)?.has(sequence) === true) {
      return true;
    }
    return this.#staged.some((staged) => staged.origin === origin && staged.epoch === epoch && staged.has(sequence));
  }

  isClosed(origin: string, epoch: number): boolean {
    return this.closedUpTo(origin, epoch) !== undefined;
  }

  /** The last number of an epoch that is closed; `undefined`: it is not. */
  closedUpTo(origin: string, epoch: number): number | undefined {
    return this.#closed.get(origin)?.get(epoch);
  }

  loadClosed(key: string, bytes: Uint8Array): void {
    const closed: readonly (number | readonly [epoch: number, last: number])[] = JSON.parse(decoder.decode(bytes));
    // Before the last number was kept, all of a closed epoch counted as a repeat.
    const epochs = closed.map((epoch) => typeof epoch === "number" ? [epoch, Number.MAX_SAFE_INTEGER] as const : epoch);
    this.#closed.set(key.slice(CLOSED_PREFIX.length + 1), new Map(epochs));
  }

  load(key: string, bytes: Uint8Array): void {
    const coverage = Coverage.fromDocument(key, bytes);
    const made = this.of(coverage.origin, coverage.epoch);
    made.restore(coverage);
  }

  *[Symbol.iterator](): Generator<Coverage> {
    for (const epochs of this.#byOrigin.values()) yield* epochs.values();
  }
}
