/** Which tests have a say about a file: the nearest first, since most mutants end there. */

import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";

export interface Stage {
  readonly command: readonly string[];
  /** Tests that never end have noticed something, too. */
  readonly timeoutMs: number;
}

export interface StageOptions {
  readonly root: string;
  /** Seeds of the simulator that are run at the end. */
  readonly seeds: number;
  readonly firstSeed: number;
}

const TESTS = "tests/federation";
const NEAR_TIMEOUT_MS = 20_000;
const ALL_TIMEOUT_MS = 120_000;
const SEED_TIMEOUT_MS = 15_000;
/** Files of a folder of the source are tested by this folder of tests. */
const NEAR: Readonly<Record<string, string>> = {
  "federation/routing/records": `${TESTS}/records`,
  "federation/routing/paths": `${TESTS}/paths`,
  "federation/routing/interest": `${TESTS}/interest`,
};

/** The test of the file itself, the tests of its folder, all of the federation, then meshes in the simulator. */
export function stagesFor(file: string, { root, seeds, firstSeed }: StageOptions): Stage[] {
  const bun = join(root, "node_modules/.bin/bun");
  const test = (path: string, timeoutMs: number): Stage => ({
    command: [bun, "test", "--bail=1", `./${path}`],
    timeoutMs,
  });
  const folder = NEAR[dirname(file)] ?? TESTS;
  const own = `${folder}/${basename(file, ".ts")}_test.ts`;
  const stages: Stage[] = [];
  if (existsSync(join(root, own))) stages.push(test(own, NEAR_TIMEOUT_MS));
  if (folder !== TESTS) stages.push(test(folder, NEAR_TIMEOUT_MS));
  stages.push(test(TESTS, ALL_TIMEOUT_MS));
  if (seeds > 0) {
    const numbers = ["--seeds", String(seeds), "--first-seed", String(firstSeed)];
    stages.push({ command: [bun, "scripts/simulate.ts", ...numbers], timeoutMs: seeds * SEED_TIMEOUT_MS });
  }
  return stages;
}
