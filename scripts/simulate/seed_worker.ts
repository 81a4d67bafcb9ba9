/** A thread of `scripts/simulate.ts --jobs`: its share of the seeds, told one by one. */

import { parentPort, workerData } from "node:worker_threads";

import { runNumbered, type SeedChoices } from "./numbered_seed.ts";

export interface SeedWork {
  readonly first: number;
  readonly end: number;
  readonly step: number;
  readonly choices: SeedChoices;
}

const { first, end, step, choices }: SeedWork = workerData;
for (let seed = first; seed < end; seed += step) parentPort!.postMessage(runNumbered(seed, choices));
parentPort!.postMessage("done");
