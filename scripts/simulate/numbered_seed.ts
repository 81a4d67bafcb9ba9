/** One seed of a run, with what is left to it chosen by its number: the same wherever it is run. */

import { FederationMember } from "../../tests/simulator/federation_member.ts";
import { describeFailure, runSeed } from "../../tests/simulator/run_seed.ts";
import { SimRandom } from "../../tests/simulator/sim_random.ts";

/** As the command line has them: a number, or a range such as `3-9`, from which is chosen by seed. */
export interface SeedChoices {
  readonly clusters?: string;
  readonly seconds?: string;
}

export interface NumberedResult {
  readonly seed: number;
  readonly hash: string;
  readonly steps: number;
  readonly virtualMs: number;
  readonly marks: Readonly<Record<string, number>>;
  /** For people. */
  readonly failure?: string;
}

export function runNumbered(seed: number, { clusters, seconds }: SeedChoices): NumberedResult {
  const result = runSeed(seed, (parts) => new FederationMember(parts), {
    clusters: choose(clusters, seed),
    seconds: choose(seconds, seed),
  });
  const { hash, steps, virtualMs, marks } = result;
  const failure = result.failure === undefined ? undefined : describeFailure(result);
  return { seed, hash, steps, virtualMs, marks, failure };
}

function choose(given: string | undefined, seed: number): number | undefined {
  if (given === undefined) return undefined;
  const [least, most = least] = given.split("-").map(Number);
  return new SimRandom(seed, 7).between(least, most);
}
