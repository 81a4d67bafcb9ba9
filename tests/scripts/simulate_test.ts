/** Seeds in threads are what they are in one. */

import { describe, expect, it } from "bun:test";

import { runInThreads } from "../../scripts/simulate/in_threads.ts";
import { runNumbered } from "../../scripts/simulate/numbered_seed.ts";

const choices = { clusters: "3-4", seconds: "2" };

describe("runInThreads()", () => {
  it("tells every seed in order, with the hash that it has in one thread", async () => {
    const told: [number, string][] = [];
    await runInThreads({
      first: 5,
      count: 7,
      jobs: 3,
      choices,
      take: ({ seed, hash }) => told.push([seed, hash]) > 0,
    });
    const alone = [5, 6, 7, 8, 9, 10, 11].map((seed) => [seed, runNumbered(seed, choices).hash]);
    expect(told).toEqual(alone as typeof told);
  }, 30_000);

  it("ends when it was told to", async () => {
    const told: number[] = [];
    await runInThreads({ first: 1, count: 1_000_000, jobs: 2, choices, take: ({ seed }) => told.push(seed) < 3 });
    expect(told).toEqual([1, 2, 3]);
  }, 30_000);
});
