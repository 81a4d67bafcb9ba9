/**
 * Answers an origin that asks who has copies of its events. A copy that moves could be at each cluster just when that one
 * is not asked; so from the first round of a census to the second this cluster watches what comes here, and tells of it
 * although it has gone on meanwhile: a copy that was anywhere between the rounds is told of by somebody.
 */

import { type Interval, IntervalSet } from "../intervals/mod.ts";
import type { World } from "../world.ts";
import type { Coverage } from "./coverage.ts";
import { type CensusAnswer, type CensusQuestion, parseCensusQuestion, toCensusIntervals } from "./census_message.ts";
import { type Run, sequenceIntervals } from "./shipment.ts";

export interface CensusAnswersParts {
  readonly world: World;
  readonly self: string;
  /** Everything that a next hop has yet to take. */
  readonly owed: () => Iterable<Run>;
  readonly coverages: {
    find(origin: string, epoch: number): Coverage | undefined;
    closedUpTo(origin: string, epoch: number): number | undefined;
  };
  /** What is covered is told to its origin again. */
  readonly receipts: {
    note(coverage: Coverage): void;
    tellClosed(origin: string, epoch: number): void;
  };
}

/** What one origin asked for in the first round. */
interface Watch {
  readonly origin: string;
  readonly question: CensusQuestion;
  readonly since: number;
  readonly asked: IntervalSet;
  /** Of these a copy has come here since. */
  readonly seen: IntervalSet;
}

/** A second round comes within seconds; who asks later begins anew. */
const WATCH_MS = 60_000;
/** Of as many origins, the oldest are given up first. */
const WATCHES_MAX = 1024;

export class CensusAnswers {
  readonly #parts: CensusAnswersParts;
  readonly #watches = new Map<string, Watch>();

  constructor(parts: CensusAnswersParts) {
    this.#parts = parts;
  }

  /** `undefined` when it is no question. */
  answer(origin: string, body: unknown): CensusAnswer | undefined {
    const question = parseCensusQuestion(body);
    if (question === undefined) return undefined;
    const key = `${origin}/${question.destination}/${question.epoch}`;
    const before = this.#watches.get(key);
    const watched = before?.question.census === question.census && this.#isFresh(before);
    const held = this.#heldNow(origin, question);
    const asked = new IntervalSet(question.intervals);
    if (watched) { for (const interval of before.seen) addBoth(held, asked, interval); }
    this.#watch(key, { origin, question, since: this.#parts.world.now(), asked, seen: new IntervalSet() });
    return { held: toCensusIntervals(held), watched };
  }

  /** A copy has come into custody here. */
  noteHeld(run: Run): void {
    if (this.#watches.size === 0) return;
    for (const [key, watch] of this.#watches) {
      if (!this.#isFresh(watch)) this.#watches.delete(key);
      else if (isOf(run, watch)) {
        for (const interval of sequenceIntervals(run)) addBoth(watch.seen, watch.asked, interval);
      }
    }
  }

  #heldNow(origin: string, question: CensusQuestion): IntervalSet {
    const { self, owed } = this.#parts;
    const asked = new IntervalSet(question.intervals);
    const held = question.destination === self ? this.#covered(origin, question) : new IntervalSet();
    for (const run of owed()) {
      if (isOf(run, { origin, question })) {
        for (const interval of sequenceIntervals(run)) addBoth(held, asked, interval);
      }
    }
    return held;
  }

  /** As the destination: the origin has missed that these have come. */
  #covered(origin: string, { epoch, intervals }: CensusQuestion): IntervalSet {
    const { coverages, receipts } = this.#parts;
    const closedUpTo = coverages.closedUpTo(origin, epoch);
    if (closedUpTo !== undefined) receipts.tellClosed(origin, epoch);
    const covered = new IntervalSet(new IntervalSet(intervals).within(0, closedUpTo ?? 0));
    const coverage = coverages.find(origin, epoch);
    for (const [after, to] of intervals) {
      for (const interval of coverage?.intervals.within(after, to) ?? []) covered.add(...interval);
    }
    if (covered.size > 0 && coverage !== undefined) receipts.note(coverage);
    return covered;
  }

  #watch(key: string, watch: Watch): void {
    this.#watches.delete(key);
    if (this.#watches.size >= WATCHES_MAX) this.#watches.delete(this.#watches.keys().next().value!);
    this.#watches.set(key, watch);
  }

  #isFresh({ since }: Watch): boolean {
    return this.#parts.world.now() - since < WATCH_MS;
  }
}

function isOf(run: Run, { origin, question }: Pick<Watch, "origin" | "question">): boolean {
  return run.origin === origin && run.epoch === question.epoch &&
    run.destinations.some(({ cluster }) => cluster === question.destination);
}

/** Adds to a set what an interval has in common with those that were asked for. */
function addBoth(set: IntervalSet, asked: IntervalSet, [after, to]: Interval): void {
  for (const interval of asked.within(after, to)) set.add(...interval);
}
