/**
 * Which way events went, for questions asked afterwards: for each neighbour and direction the numbers of each origin that
 * crossed within a second, as intervals; for own events also who was to get them, and who did not. In-order traffic is a
 * line a second and neighbour, whatever its rate.
 */

import type { StateChange } from "../../node/mod.ts";
import { acceptedEpoch } from "../custody/epochs.ts";
import type { Run } from "../custody/shipment.ts";
import type { FrameGroup } from "../link/codec/mod.ts";
import { type Interval, IntervalSet } from "../intervals/mod.ts";
import type { PairsEnd } from "../ledger/books.ts";
import type { World } from "../world.ts";

export const TRACE_PREFIX = "federation/trace";

/** Events that crossed in the same span share a line: times are exact to this, ms. */
const SPAN_MS = 1000;
/** Lines of a span for what came over and over; past it a repeat is not counted. A peer must not make us write without end. */
const REPEATS_MAX = 16;
/** Lines kept; beyond, the oldest are forgotten. About a day of steady traffic with one neighbour, 20 MB at most. */
const LINES_MAX = 100_000;

/**
 * `in`, `out`: it crossed the link with that neighbour. `dropped`: it was not in custody, and ended here for that destination.
 * Of own events also: `sent`: it left for that destination without custody; `for`: it was dispatched for that destination;
 * `rejected`, `expired`, `evicted`: it ended so there; `delivered`: it did, although one of those was told before.
 */
export type Direction = "in" | "out" | "for" | "rejected" | "expired" | "evicted" | "delivered" | "sent" | "dropped";

export interface Crossing {
  readonly direction: Direction;
  /** The neighbour, or the destination. */
  readonly peer: string;
  /** Wall clock, ms since 1970, of the first event of the span. */
  readonly at: number;
  /** Why it ended, as a stable code. */
  readonly reason?: string;
}

interface Line extends Crossing {
  readonly origin: string;
  readonly epoch: number;
  readonly numbers: IntervalSet;
}

/** Traffic that is spread over destinations event by event has lines of many intervals. 32 MB at most. */
const INTERVALS_MAX = 1_000_000;

/** Events of one origin, in the order of their numbers. */
type NumberedEvents = Pick<FrameGroup, "origin" | "epoch"> & {
  readonly events: readonly { readonly sequence: number }[];
};

/** A line as documents hold it. */
type Row = readonly [
  direction: Direction,
  peer: string,
  at: number,
  origin: string,
  epoch: number,
  numbers: readonly Interval[],
  reason: string | null,
];

export interface TraceJournalParts {
  readonly world: World;
  /** Milliseconds since 1970, for people only. */
  readonly wall: () => number;
  readonly save: (change: StateChange) => void;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class TraceJournal {
  readonly #parts: TraceJournalParts;
  readonly #lines: Line[] = [];
  #open = new Map<string, Line>();
  #spanEnds = -Infinity;
  #nextDocument = 1;
  /** Numbers of the documents that hold lines, oldest first, with their counts. */
  readonly #documents: { readonly number: number; readonly lines: number; readonly intervals: number }[] = [];
  #intervals = 0;

  constructor(parts: TraceJournalParts) {
    this.#parts = parts;
  }

  note(
    direction: Direction,
    peer: string,
    event: { origin: string; epoch: number },
    [after, to]: Interval,
    reason?: string,
  ): void {
    const now = this.#parts.world.now();
    if (now >= this.#spanEnds) this.#closeSpan(now);
    const { origin } = event;
    const epoch = acceptedEpoch(event.epoch);
    let key = `${direction}/${peer}/${origin}/${epoch}/${reason ?? ""}`;
    let line = this.#open.get(key);
    // What comes again within a span has a line more: how often it came is told, too.
    for (let again = 1; direction === "in" && again < REPEATS_MAX && line?.numbers.intersects(after, to); again++) {
      line = this.#open.get(key += "+");
    }
    if (line === undefined) {
      line = { direction, peer, at: this.#parts.wall(), origin, epoch, numbers: new IntervalSet(), reason };
      this.#open.set(key, line);
      this.#lines.push(line);
    }
    line.numbers.add(after, to);
  }

  /** Own events have their destinations. */
  noteDispatch(run: Run): void {
    for (const { cluster } of run.destinations) this.noteRun("for", cluster, run);
  }

  /** An own event ended at a destination. */
  noteEnd(origin: string, { destination, epoch, interval, terminal, reason }: PairsEnd): void {
    this.note(terminal, destination, { origin, epoch }, interval, reason);
  }

  /** Events of a run, or a part of one. */
  noteRun(direction: Direction, peer: string, run: Run): void {
    if (run.sequences === undefined) {
      return this.note(direction, peer, run, [run.firstSequence - 1, run.firstSequence + run.count - 1]);
    }
    const { sequences } = run;
    this.#noteAll(direction, peer, run, { count: sequences.length, at: (index) => sequences[index] });
  }

  /** Events of a frame. */
  noteGroup(direction: Direction, peer: string, group: NumberedEvents, reason?: string): void {
    const { events } = group;
    this.#noteAll(direction, peer, group, { count: events.length, at: (index) => events[index].sequence, reason });
  }

  /** What is known of an event, in the order of time. */
  find(origin: string, epoch: number, sequence: number): Crossing[] {
    return this.#lines
      .filter((line) => line.origin === origin && line.epoch === epoch && line.numbers.has(sequence))
      .map(({ direction, peer, at, reason }) =>
        reason === undefined ? { direction, peer, at } : { direction, peer, at, reason }
      );
  }

  /** Writes down a span that is over; to be called about once a second, else a kill forgets what came before a silence. */
  tick(): void {
    const now = this.#parts.world.now();
    if (now >= this.#spanEnds) this.#closeSpan(now);
  }

  /** Writes down what is only in memory. */
  flush(): void {
    this.#closeSpan(this.#parts.world.now());
  }

  load(key: string, bytes: Uint8Array): void {
    const number = Number(key.slice(key.lastIndexOf("/") + 1));
    const rows: readonly Row[] = JSON.parse(decoder.decode(bytes));
    for (const [direction, peer, at, origin, epoch, numbers, reason] of rows) {
      this.#lines.push({
        direction,
        peer,
        at,
        origin,
        epoch,
        numbers: new IntervalSet(numbers),
        reason: reason ?? undefined,
      });
    }
    this.#noteDocument(number, rows);
    this.#nextDocument = Math.max(this.#nextDocument, number + 1);
  }

  /** Ascending numbers; consecutive ones are noted together. */
  #noteAll(
    direction: Direction,
    peer: string,
    event: { origin: string; epoch: number },
    { count, at, reason }: { readonly count: number; readonly at: (index: number) => number; readonly reason?: string },
  ): void {
    for (let from = 0; from < count;) {
      const first = at(from);
      let to = from;
      while (to + 1 < count && at(to + 1) === first + to + 1 - from) to++;
      this.note(direction, peer, event, [first - 1, at(to)], reason);
      from = to + 1;
    }
  }

  #closeSpan(now: number): void {
    this.#spanEnds = now + SPAN_MS;
    if (this.#open.size === 0) return;
    const rows = [...this.#open.values()].map(toRow);
    this.#open = new Map();
    const number = this.#nextDocument++;
    this.#parts.save({ key: keyOf(number), value: encoder.encode(JSON.stringify(rows)) });
    this.#noteDocument(number, rows);
    this.#forgetOld();
  }

  #noteDocument(number: number, rows: readonly Row[]): void {
    const intervals = rows.reduce((sum, [, , , , , numbers]) => sum + numbers.length, 0);
    this.#intervals += intervals;
    this.#documents.push({ number, lines: rows.length, intervals });
  }

  #forgetOld(): void {
    while ((this.#lines.length > LINES_MAX || this.#intervals > INTERVALS_MAX) && this.#documents.length > 1) {
      const { number, lines, intervals } = this.#documents.shift()!;
      this.#intervals -= intervals;
      this.#lines.splice(0, lines);
      this.#parts.save({ key: keyOf(number), value: undefined });
    }
  }
}

function toRow({ direction, peer, at, origin, epoch, numbers, reason }: Line): Row {
  return [direction, peer, at, origin, epoch, numbers.toArray(), reason ?? null];
}

function keyOf(number: number): string {
  return `${TRACE_PREFIX}/${String(number).padStart(12, "0")}`;
}
