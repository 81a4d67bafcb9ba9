/** Which of the log's events are still owed, in few enough ranges to tell the store whenever it looks for room. */

import type { PositionRange } from "../../node/mod.ts";
import type { Run } from "./shipment.ts";

/** What the log holds: its first position and its last. */
export interface LogEnds {
  readonly tail: number;
  readonly head: number;
}

/** The store asks whenever it looks for room. */
const KNOWN_MS = 250;
/** The log is looked at in so many stretches at most: an event that is owed keeps its stretch. */
const STRETCHES_MAX = 1024;
/** Documents that came since the last look; more are told as one range, with what lies between them. */
const ADDED_MAX = 64;

/** May keep a little too much: what is owed is looked up now and then only, and told in stretches. */
export class OwedPositions {
  #known: readonly PositionRange[] = [];
  #added: PositionRange[] = [];
  #at = -Infinity;

  /** A document came: all that it spans may be owed. */
  add({ first, last }: { readonly first: number; readonly last: number }): void {
    const newest = this.#added.at(-1);
    if (newest !== undefined && first >= newest.from && first <= newest.to + 1) {
      this.#added[this.#added.length - 1] = { from: newest.from, to: Math.max(newest.to, last) };
    } else if (this.#added.length < ADDED_MAX) {
      this.#added.push({ from: first, to: last });
    } else {
      this.#added = [this.#added.reduce(hull, { from: first, to: last })];
    }
  }

  /** `owed`: everything that a next hop has yet to take. */
  at(now: number, log: LogEnds, owed: () => Iterable<Run>): readonly PositionRange[] {
    if (now - this.#at >= KNOWN_MS) {
      this.#at = now;
      this.#added = [];
      this.#known = stretchesOf(owed(), log);
    }
    return this.#added.length === 0 ? this.#known : [...this.#known, ...this.#added];
  }
}

/**
 * Ranges that cover the positions of all runs that have not ended, in order: exactly in a log of up to 1,024 events, else
 * rounded outwards to stretches as long as a power of two, which stay where they are while the log moves on.
 */
function stretchesOf(owed: Iterable<Run>, { tail, head }: LogEnds): PositionRange[] {
  if (head < tail) return [];
  let length = 1;
  while ((head - tail) / length >= STRETCHES_MAX - 1) length *= 2;
  const first = Math.floor(tail / length);
  const marks = new Uint8Array(Math.floor(head / length) - first + 1);
  const mark = (from: number, to: number): void => {
    const last = Math.floor(Math.min(to, head) / length);
    for (let i = Math.max(Math.floor(from / length), first); i <= last; i++) marks[i - first] = 1;
  };
  for (const { position, positions, count, ended } of owed) {
    if (ended !== undefined) continue;
    if (positions === undefined) mark(position, position + count - 1);
    else for (const each of positions) mark(each, each);
  }
  const ranges: PositionRange[] = [];
  for (let i = 0; i < marks.length; i++) {
    if (marks[i] === 0) continue;
    const from = i;
    while (marks[i + 1] === 1) i++;
    ranges.push({ from: (first + from) * length, to: (first + i + 1) * length - 1 });
  }
  return ranges;
}

function hull(a: PositionRange, b: PositionRange): PositionRange {
  return { from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) };
}
