/** Which tests have a say about a file: the nearest first, since most mutants end there. */

import { existsSync, readdirSync } from "node:fs";
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
const NEAR_TIMEOUT_MS = 30_000;
const ALL_TIMEOUT_MS = 180_000;
const SEED_TIMEOUT_MS = 30_000;
/** Takes longer than all others together, and knows only these. */
const SLOW = "routing_exhaustive_test.ts";
const SLOW_KNOWS: readonly string[] = ["federation/routing/paths", "federation/custody"];
/** Files of a folder of the source are tested by this folder of tests. */
const NEAR: Readonly<Record<string, string>> = {
  "federation/routing/records": `${TESTS}/records`,
  "federation/routing/paths": `${TESTS}/paths`,
  "federation/routing/interest": `${TESTS}/interest`,
};

/** The test of the file itself, the quick tests near it, all of the federation, then meshes in the simulator. */
export function stagesFor(file: string, options: StageOptions): Stage[] {
  const { root } = options;
  const folder = NEAR[dirname(file)] ?? TESTS;
  const own = `${basename(file, ".ts")}_test.ts`;
  const near = testsIn(root, folder).filter((path) => dirname(path) === folder);
  const slow = SLOW_KNOWS.includes(dirname(file)) ? [`${TESTS}/${SLOW}`] : [];
  const stages: Stage[] = [];
  if (existsSync(join(root, folder, own))) stages.push(testStage(root, [`${folder}/${own}`], NEAR_TIMEOUT_MS));
  stages.push(testStage(root, near, NEAR_TIMEOUT_MS));
  stages.push(testStage(root, [...testsIn(root, TESTS), ...slow], ALL_TIMEOUT_MS));
  if (options.seeds > 0) stages.push(seedStage(options));
  return stages;
}

/** The tests of a folder and those below it, but for the slow one. */
function testsIn(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith("_test.ts") && name !== SLOW)
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`);
}

function testStage(root: string, paths: readonly string[], timeoutMs: number): Stage {
  return { command: [bunOf(root), "test", "--bail=1", ...paths.map((path) => `./${path}`)], timeoutMs };
}

function seedStage({ root, seeds, firstSeed }: StageOptions): Stage {
  const numbers = ["--seeds", String(seeds), "--first-seed", String(firstSeed)];
  return { command: [bunOf(root), "scripts/simulate.ts", ...numbers], timeoutMs: seeds * SEED_TIMEOUT_MS };
}

function bunOf(root: string): string {
  return join(root, "node_modules/.bin/bun");
}
