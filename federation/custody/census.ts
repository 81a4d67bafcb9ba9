/** Asks the clusters of the mesh which of them has copies of events of this one. */

import { IntervalSet } from "../intervals/mod.ts";
import { type CensusQuestion, parseCensusAnswer } from "./census_message.ts";

export const CENSUS_KIND = "custody";

/** See `Relay.ask()`. */
export interface Asks {
  ask(to: string, kind: string, body: unknown, timeoutMs: number, done: (answer: unknown) => void): void;
}

/** What the clusters that were asked have said. */
export interface Tally {
  readonly held: IntervalSet;
  /** Did not answer: gone, or of a release that knows no census. */
  readonly silent: readonly string[];
  /** Were not asked in the round before, or have restarted since. */
  readonly unwatched: readonly string[];
}

const ANSWER_TIMEOUT_MS = 2000;

export class Census {
  readonly #relay: Asks;

  constructor(relay: Asks) {
    this.#relay = relay;
  }

  /** `done` is called once, when all have answered or the time is over. */
  ask(clusters: readonly string[], question: CensusQuestion, done: (tally: Tally) => void): void {
    const held = new IntervalSet();
    const silent: string[] = [];
    const unwatched: string[] = [];
    let open = clusters.length;
    if (open === 0) return done({ held, silent, unwatched });
    for (const cluster of clusters) {
      this.#relay.ask(cluster, CENSUS_KIND, question, ANSWER_TIMEOUT_MS, (body) => {
        const answer = parseCensusAnswer(body);
        if (answer === undefined) silent.push(cluster);
        else if (!answer.watched) unwatched.push(cluster);
        for (const interval of answer?.held ?? []) held.add(...interval);
        if (--open === 0) done({ held, silent, unwatched });
      });
    }
  }
}
