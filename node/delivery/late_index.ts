/** Finds, in the order of an origin, those of its events that came to the log late. */

import { isForNobody } from "../audience.ts";
import type { StoredEvent } from "../event_store.ts";
import { firstIndex } from "../first_index.ts";

/** An event's place in the order of its origin. */
export interface OriginPlace {
  readonly epoch: number;
  readonly sequence: number;
}

/** Events that came late one after the other, in their order: event i is at position + i. */
export interface LateRun {
  readonly epoch: number;
  readonly position: number;
  readonly sequences: readonly number[];
}

export const FIRST_PLACE: OriginPlace = { epoch: 0, sequence: 0 };

export function comparePlaces(a: OriginPlace, b: OriginPlace): number {
  return a.epoch - b.epoch || a.sequence - b.sequence;
}

/** The place of the last event of a run. */
export function endOfRun({ epoch, sequences }: LateRun): OriginPlace {
  return { epoch, sequence: sequences[sequences.length - 1] };
}

interface Run extends LateRun {
  readonly sequences: number[];
}

interface Origin {
  /** The youngest that is in the log. */
  top: OriginPlace;
  /** In the origin's order; they do not overlap. */
  runs: Run[];
}

/** Events of a run that are told at a time. */
const RUN_EVENTS_MAX = 256;

/** Eight bytes for each event that came late and that an ordered queue has yet to read. */
export class LateIndex {
  readonly #origins = new Map<string, Origin>();
  #size = 0;

  /** Events. */
  get size(): number {
    return this.#size;
  }

  /** The next event of the log. */
  note({ origin, epoch, sequence, position, audience }: StoredEvent): void {
    if (audience === "everybody" || isForNobody(audience)) return;
    let known = this.#origins.get(origin);
    if (known === undefined) this.#origins.set(origin, known = { top: FIRST_PLACE, runs: [] });
    const place = { epoch, sequence };
    if (comparePlaces(place, known.top) > 0) known.top = place;
    else this.#add(known.runs, place, position);
  }

  /** The first events of an origin between two places that came late one after the other; not all of them at a time. */
  between(origin: string, after: OriginPlace, before: OriginPlace): LateRun | undefined {
    const runs = this.#origins.get(origin)?.runs;
    const run = runs?.[firstAfter(runs, after)];
    if (run === undefined) return undefined;
    const { epoch, position, sequences } = run;
    const from = epoch === after.epoch ? indexAfter(sequences, after.sequence) : 0;
    const sequence = epoch === before.epoch ? before.sequence : epoch < before.epoch ? Infinity : 0;
    let to = from;
    while (to < sequences.length && to < from + RUN_EVENTS_MAX && sequences[to] < sequence) to++;
    return from === to ? undefined : { epoch, position: position + from, sequences: sequences.slice(from, to) };
  }

  /** Forgets what stands up to a position. */
  prune(upTo: number): void {
    this.#size = 0;
    for (const known of this.#origins.values()) {
      known.runs = known.runs.filter(({ position, sequences }) => position + sequences.length - 1 > upTo);
      for (const { sequences } of known.runs) this.#size += sequences.length;
    }
  }

  #add(runs: Run[], place: OriginPlace, position: number): void {
    const { epoch, sequence } = place;
    let at = firstAfter(runs, place);
    const around = runs[at];
    if (around?.epoch === epoch && around.sequences[0] < sequence) {
      const cut = indexAfter(around.sequences, sequence);
      runs.splice(at++, 1, { ...around, sequences: around.sequences.slice(0, cut) }, {
        epoch,
        position: around.position + cut,
        sequences: around.sequences.slice(cut),
      });
    }
    const before = runs[at - 1];
    const joins = before?.epoch === epoch && before.position + before.sequences.length === position;
    if (joins) before.sequences.push(sequence);
    else runs.splice(at, 0, { epoch, position, sequences: [sequence] });
    this.#size++;
  }
}

/** Index of the first run that has something after a place. */
function firstAfter(runs: readonly LateRun[], after: OriginPlace): number {
  return firstIndex(runs, (run) => comparePlaces(endOfRun(run), after) > 0);
}

/** Index of the first number after another one. */
function indexAfter(sequences: readonly number[], after: number): number {
  return firstIndex(sequences, (sequence) => sequence > after);
}
