/**
 * Holds back what has overtaken older events of its origin, until those are here or have ended: after a change of the way
 * what comes over the new one may be in the log first. What is held are places and positions, not events.
 */

import type { ArrivalGap, ArrivalOrder } from "../arrival_order.ts";
import type { StoredEvent } from "../event_store.ts";
import { comparePlaces, endOfRun, FIRST_PLACE, type LateIndex, type LateRun, type OriginPlace } from "./late_index.ts";

export interface HoldBackParts<Entry> {
  readonly order: ArrivalOrder;
  readonly late: Pick<LateIndex, "between">;
  /** Those events of a run that the log still has, or the first of them. `done` is called once, never at once. */
  readonly read: (run: LateRun, done: (events: readonly StoredEvent[]) => void) => void;
  /** The reader has not come to that position, and has not got its event in another way either. */
  readonly isUnread: (position: number) => boolean;
  /** Whether another `events` late ones may be opened before their turn. */
  readonly hasRoom: (events: number) => boolean;
  /** Opens an event that the reader has not come to; nothing when it does not want it. */
  readonly openLate: (stored: StoredEvent) => Entry | undefined;
  /** It is the next of its origin. */
  readonly letGo: (entry: Entry) => void;
  /** `look()` may let something go now. */
  readonly onReady: () => void;
}

/** What is held back, for people. */
export interface HeldBack {
  readonly events: number;
  /** What the first of an origin waits for; nothing where it is here and is being read. */
  readonly gap: ArrivalGap | undefined;
}

interface Held<Entry> extends OriginPlace {
  readonly origin: string;
  readonly position: number;
  readonly entry: Entry;
}

interface Strand<Entry> {
  /** In the origin's order. */
  held: Held<Entry>[];
  /** Whatever of it is in the log up to here was handed out, or is not wanted. */
  handedTo: OriginPlace;
  reading: boolean;
}

export class HoldBack<Entry> {
  readonly #parts: HoldBackParts<Entry>;
  readonly #strands = new Map<string, Strand<Entry>>();
  /** Those of which something may be let go. */
  readonly #open = new Set<Strand<Entry>>();
  readonly #stop: () => void;
  #round = 0;

  constructor(parts: HoldBackParts<Entry>) {
    this.#parts = parts;
    this.#stop = parts.order.watch((origin) => this.#gapMayBeOver(origin));
  }

  /** Whether an event that the reader has come to may be handed out at once; else it is held until `letGo`. */
  enter(entry: Entry, stored: StoredEvent): boolean {
    const strand = this.#strandOf(stored.origin);
    const isFirst = strand.held.length === 0 || comparePlaces(stored, strand.held[0]) < 0;
    const { order } = this.#parts;
    if (isFirst && order.gapBefore(stored) === undefined && this.#lateBefore(strand, stored) === undefined) {
      strand.handedTo = laterOf(strand.handedTo, stored);
      return true;
    }
    this.keep(entry, stored);
    return false;
  }

  /** Holds an event until `look()` finds that it is the next. */
  keep(entry: Entry, { origin, epoch, sequence, position }: StoredEvent): void {
    const strand = this.#strandOf(origin);
    const item = { origin, epoch, sequence, position, entry };
    const { held } = strand;
    let at = held.length;
    if (at > 0 && comparePlaces(item, held[at - 1]) < 0) at = held.findIndex((other) => comparePlaces(item, other) < 0);
    held.splice(at, 0, item);
    this.#open.add(strand);
  }

  /** Lets go what is the next of its origin. */
  look(): void {
    for (const strand of [...this.#open]) {
      this.#open.delete(strand);
      this.#advance(strand);
    }
  }

  /** `undefined` when nothing is held. */
  get heldBack(): HeldBack | undefined {
    const strands = [...this.#strands.values()].filter(({ held }) => held.length > 0);
    if (strands.length === 0) return undefined;
    const gaps = strands.map(({ held }) => this.#parts.order.gapBefore(held[0]));
    return {
      events: strands.reduce((sum, { held }) => sum + held.length, 0),
      gap: gaps.find((gap) => gap !== undefined),
    };
  }

  /** Forgets everything: the reader begins elsewhere. */
  clear(): void {
    this.#round++;
    this.#strands.clear();
    this.#open.clear();
  }

  close(): void {
    this.clear();
    this.#stop();
  }

  #strandOf(origin: string): Strand<Entry> {
    let strand = this.#strands.get(origin);
    if (strand === undefined) {
      this.#strands.set(origin, strand = { held: [], handedTo: FIRST_PLACE, reading: false });
    }
    return strand;
  }

  #gapMayBeOver(origin: string | undefined): void {
    const strands = origin === undefined ? [...this.#strands.values()] : [this.#strands.get(origin)];
    let isReady = false;
    for (const strand of strands) {
      const next = strand?.held[0];
      if (next === undefined || this.#parts.order.gapBefore(next) !== undefined) continue;
      this.#open.add(strand!);
      isReady = true;
    }
    if (isReady) this.#parts.onReady();
  }

  #advance(strand: Strand<Entry>): void {
    const { order, letGo } = this.#parts;
    let gone = 0;
    for (; gone < strand.held.length && !strand.reading; gone++) {
      const next = strand.held[gone];
      // A commit that failed may have taken its place away: it waits for nothing then, and says nothing of others.
      if (order.hasPlace(next)) {
        if (order.gapBefore(next) !== undefined || this.#readsLateBefore(strand, next)) break;
        strand.handedTo = laterOf(strand.handedTo, next);
      }
      letGo(next.entry);
    }
    strand.held.splice(0, gone);
  }

  #readsLateBefore(strand: Strand<Entry>, next: Held<Entry>): boolean {
    const late = this.#lateBefore(strand, next);
    if (late === undefined) return false;
    if (this.#parts.hasRoom(late.sequences.length)) this.#readLate(strand, late);
    else this.#open.add(strand);
    return true;
  }

  /** What is in the log before an event in its origin's order, behind it as a position, and not read. */
  #lateBefore({ handedTo }: Strand<Entry>, next: OriginPlace & { readonly origin: string }): LateRun | undefined {
    const { late, isUnread } = this.#parts;
    for (let after = handedTo;;) {
      const run = late.between(next.origin, after, next);
      if (run === undefined) return undefined;
      const { epoch, position, sequences } = run;
      const from = sequences.findIndex((_, i) => isUnread(position + i));
      if (from >= 0) return { epoch, position: position + from, sequences: sequences.slice(from) };
      after = endOfRun(run);
    }
  }

  #readLate(strand: Strand<Entry>, run: LateRun): void {
    const { read, isUnread, openLate, letGo, onReady } = this.#parts;
    const round = this.#round;
    strand.reading = true;
    read(run, (events) => {
      if (round !== this.#round) return;
      strand.reading = false;
      for (const stored of events) {
        const entry = isUnread(stored.position) ? openLate(stored) : undefined;
        if (entry !== undefined) letGo(entry);
      }
      strand.handedTo = laterOf(strand.handedTo, events.at(-1) ?? endOfRun(run));
      this.#open.add(strand);
      onReady();
    });
  }
}

function laterOf(a: OriginPlace, { epoch, sequence }: OriginPlace): OriginPlace {
  return comparePlaces(a, { epoch, sequence }) < 0 ? { epoch, sequence } : a;
}
