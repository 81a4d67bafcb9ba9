/** Puts own events together that have the same destinations, and gives each its number before it for each of them. */

import type { StoredEvent } from "../../node/mod.ts";
import type { Books } from "../ledger/books.ts";
import type { FrameDestination, Lane } from "../link/codec/mod.ts";
import { isSameDestination } from "../same.ts";
import { earlier, endOf, type Run } from "./shipment.ts";

/** Where an event has to go. */
export type Wanted = readonly Omit<FrameDestination, "previous">[];

export class OwnRuns {
  readonly #self: string;
  readonly #books: Books;
  readonly #runs: GrowingRun[] = [];
  /** Of the last run. */
  #wanted: Wanted = [];

  constructor(self: string, books: Books) {
    this.#self = self;
    this.#books = books;
  }

  /** Adds an event behind those that were added before; all are of one epoch. */
  add(event: StoredEvent, wanted: Wanted, lane: Lane): void {
    const last = this.#runs.at(-1);
    if (last !== undefined && follows(last, event) && last.lane === lane && isSame(this.#wanted, wanted)) {
      return grow(last, event);
    }
    this.#assign();
    this.#runs.push(this.#begin(event, wanted, lane));
    this.#wanted = wanted;
  }

  /** All of them; the books have them, too. To be called once. */
  finish(): readonly Run[] {
    this.#assign();
    return this.#runs;
  }

  #begin(event: StoredEvent, wanted: Wanted, lane: Lane): GrowingRun {
    const { position, sequence, epoch, bytes } = event;
    return {
      position,
      count: 1,
      origin: this.#self,
      epoch,
      firstSequence: sequence,
      bytes,
      lane,
      destinations: wanted.map((destination) => ({
        ...destination,
        previous: this.#books.of(destination.cluster, epoch).last,
      })),
      hops: [],
      detours: 0,
      endsAt: endOf(event),
    };
  }

  /** The last run is whole: its events are in the books before the next one asks them for its numbers. */
  #assign(): void {
    const last = this.#runs.at(-1);
    if (last === undefined) return;
    const { epoch, firstSequence, count, destinations } = last;
    for (const { cluster } of destinations) {
      this.#books.of(cluster, epoch).assign(firstSequence - 1, firstSequence - 1 + count);
    }
  }
}

/** A run that further events join. */
interface GrowingRun extends Omit<Run, "count" | "bytes" | "endsAt"> {
  count: number;
  bytes: number;
  endsAt?: number;
}

function follows({ position, firstSequence, count }: Run, event: StoredEvent): boolean {
  return position + count === event.position && firstSequence + count === event.sequence;
}

function grow(run: GrowingRun, event: StoredEvent): void {
  run.count++;
  run.bytes += event.bytes;
  run.endsAt = earlier(run.endsAt, endOf(event));
}

function isSame(a: Wanted, b: Wanted): boolean {
  return a === b || (a.length === b.length && a.every((destination, i) => isSameDestination(destination, b[i])));
}
