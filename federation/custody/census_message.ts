/** What an origin asks of what it has handed over, and what each cluster answers: who has a copy of it? */

import type { Interval } from "../intervals/mod.ts";

export interface CensusQuestion {
  /** The asker's number of this census: the same in both of its rounds. */
  readonly census: number;
  /** Of the asker's events. */
  readonly epoch: number;
  readonly destination: string;
  /** Numbers (after, to] whose end it does not know. */
  readonly intervals: readonly Interval[];
}

export interface CensusAnswer {
  /** Those of which there is a copy on its way here, or was at any time since the first round; the destination's also what it has had. */
  readonly held: readonly Interval[];
  /** It was asked in the first round of this census, and has watched since. */
  readonly watched: boolean;
}

/** Intervals in a question or an answer: about 20 kB. */
export const CENSUS_INTERVALS = 1024;

/** Checks what came from another cluster; `undefined` when it is none. */
export function parseCensusQuestion(json: unknown): CensusQuestion | undefined {
  const { census, epoch, destination, intervals } = (json ?? {}) as Record<string, unknown>;
  const sound = isCount(census) && isCount(epoch) && typeof destination === "string" && areIntervals(intervals);
  return sound ? json as CensusQuestion : undefined;
}

export function parseCensusAnswer(json: unknown): CensusAnswer | undefined {
  const { held, watched } = (json ?? {}) as Record<string, unknown>;
  return areIntervals(held) && typeof watched === "boolean" ? json as CensusAnswer : undefined;
}

/** At most `CENSUS_INTERVALS`: beyond, the last one reaches to the end of all, and so has more than there is. */
export function toCensusIntervals(intervals: Iterable<Interval>): Interval[] {
  const list = [...intervals];
  if (list.length <= CENSUS_INTERVALS) return list;
  const kept = list.slice(0, CENSUS_INTERVALS);
  kept[CENSUS_INTERVALS - 1] = [kept[CENSUS_INTERVALS - 1][0], list[list.length - 1][1]];
  return kept;
}

function areIntervals(value: unknown): value is readonly Interval[] {
  return Array.isArray(value) && value.length <= CENSUS_INTERVALS && value.every(isInterval);
}

function isInterval(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every(isCount) && value[0] < value[1];
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
