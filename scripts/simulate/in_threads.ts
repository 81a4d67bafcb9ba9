/** Runs seeds in several threads, and tells them in their order, so that a run says the same however many there are. */

import { Worker } from "node:worker_threads";

import type { NumberedResult, SeedChoices } from "./numbered_seed.ts";
import type { SeedWork } from "./seed_worker.ts";

export interface ThreadedRun {
  readonly first: number;
  readonly count: number;
  readonly jobs: number;
  readonly choices: SeedChoices;
  /** Answers whether to go on. */
  readonly take: (result: NumberedResult) => boolean;
}

/** Rejects when a thread fails otherwise than by a seed that fails. */
export async function runInThreads({ first, count, jobs, choices, take }: ThreadedRun): Promise<void> {
  const early = new Map<number, NumberedResult>();
  let next = first;
  const workers = Array.from({ length: jobs }, (_, job) => {
    const workerData: SeedWork = { first: first + job, end: first + count, step: jobs, choices };
    return new Worker(new URL("./seed_worker.ts", import.meta.url), { workerData });
  });
  const inOrder = (result: NumberedResult): boolean => {
    early.set(result.seed, result);
    for (let ready = early.get(next); ready !== undefined; ready = early.get(next)) {
      early.delete(next++);
      if (!take(ready)) return false;
    }
    return true;
  };
  try {
    await new Promise<void>((resolve, reject) => {
      let running = jobs;
      for (const worker of workers) {
        worker.on("error", reject);
        worker.on("message", (told: NumberedResult | "done") => {
          if (told === "done" ? --running === 0 : !inOrder(told)) resolve();
        });
      }
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
