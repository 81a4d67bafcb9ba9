/**
 * Which way events went, for questions asked afterwards: for each neighbour and direction the numbers of each origin that
 * crossed within a second, as intervals. In-order traffic is one line a second, whatever its rate.
 */

import type { StateChange } from "../../node/mod.ts";
import type { Run } from "../custody/shipment.ts";
import type { FrameGroup } from "../link/codec/mod.ts";
import { type Interval, IntervalSet } from "../intervals/mod.ts";
import type { World } from "../world.ts";

export const TRACE_PREFIX = "federation/trace";

/** Events that crossed in the same span share a line: times are exact to this, ms. */
const SPAN_MS = 1000;
/** Lines kept; beyond, the oldest are forgotten. About a day of steady traffic with one neighbour, 20 MB at most. */
const LINES_MAX = 100_000;

export interface Crossing {
  readonly direction: "in" | "out";
  readonly peer: string;
  /** Wall clock, ms since 1970, of the first event of the span. */
  readonly at: number;
}

interface Line extends Crossing {
  readonly origin: string;
  readonly epoch: number;
  readonly numbers: IntervalSet;
}

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
  readonly #documents: { readonly number: number; readonly lines: number }[] = [];

  constructor(parts: TraceJournalParts) {
    this.#parts = parts;
  }

  note(
    direction: Crossing["direction"],
    peer: string,
    event: { origin: string; epoch: number },
    [after, to]: Interval,
  ): void {
    const now = this.#parts.world.now();
    if (now >= this.#spanEnds) this.#closeSpan(now);
    const { origin, epoch } = event;
    const key = `${direction}/${peer}/${origin}/${epoch}`;
    let line = this.#open.get(key);
    if (line === undefined) {
      line = { direction, peer, at: this.#parts.wall(), origin, epoch, numbers: new IntervalSet() };
      this.#open.set(key, line);
      this.#lines.push(line);
    }
    line.numbers.add(after, to);
  }

  /** Events of a run, or a part of one. */
  noteRun(direction: Crossing["direction"], peer: string, run: Run): void {
    if (run.sequences === undefined) {
      return this.note(direction, peer, run, [run.firstSequence - 1, run.firstSequence + run.count - 1]);
    }
    this.#noteAll(direction, peer, run, run.sequences);
  }

  /** Events of a frame. */
  noteGroup(direction: Crossing["direction"], peer: string, group: FrameGroup): void {
    this.#noteAll(direction, peer, group, group.events.map(({ sequence }) => sequence));
  }

  /** Where an event crossed the border of this cluster, in the order of time. */
  find(origin: string, epoch: number, sequence: number): Crossing[] {
    return this.#lines
      .filter((line) => line.origin === origin && line.epoch === epoch && line.numbers.has(sequence))
      .map(({ direction, peer, at }) => ({ direction, peer, at }));
  }

  /** Writes down what is only in memory. */
  flush(): void {
    this.#closeSpan(this.#parts.world.now());
  }

  load(key: string, bytes: Uint8Array): void {
    const number = Number(key.slice(key.lastIndexOf("/") + 1));
    const rows = JSON.parse(decoder.decode(bytes)) as [
      Crossing["direction"],
      string,
      number,
      string,
      number,
      Interval[],
    ][];
    for (const [direction, peer, at, origin, epoch, numbers] of rows) {
      this.#lines.push({ direction, peer, at, origin, epoch, numbers: new IntervalSet(numbers) });
    }
    this.#documents.push({ number, lines: rows.length });
    this.#nextDocument = Math.max(this.#nextDocument, number + 1);
  }

  /** Ascending numbers; consecutive ones are noted together. */
  #noteAll(
    direction: Crossing["direction"],
    peer: string,
    event: { origin: string; epoch: number },
    numbers: readonly number[],
  ): void {
    for (let from = 0; from < numbers.length;) {
      let to = from;
      while (to + 1 < numbers.length && numbers[to + 1] === numbers[to] + 1) to++;
      this.note(direction, peer, event, [numbers[from] - 1, numbers[to]]);
      from = to + 1;
    }
  }

  #closeSpan(now: number): void {
    this.#spanEnds = now + SPAN_MS;
    if (this.#open.size === 0) return;
    const rows = [...this.#open.values()].map((
      { direction, peer, at, origin, epoch, numbers },
    ) => [direction, peer, at, origin, epoch, [...numbers]]);
    this.#open = new Map();
    const number = this.#nextDocument++;
    this.#parts.save({ key: keyOf(number), value: encoder.encode(JSON.stringify(rows)) });
    this.#documents.push({ number, lines: rows.length });
    this.#forgetOld();
  }

  #forgetOld(): void {
    while (this.#lines.length > LINES_MAX && this.#documents.length > 1) {
      const { number, lines } = this.#documents.shift()!;
      this.#lines.splice(0, lines);
      this.#parts.save({ key: keyOf(number), value: undefined });
    }
  }
}

function keyOf(number: number): string {
  return `${TRACE_PREFIX}/${String(number).padStart(12, "0")}`;
}
