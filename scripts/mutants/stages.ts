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
/** So long may a test take on a machine that has more to do. */
const TEST_TIMEOUT_MS = 30_000;
/** Tests that take longer than all others together, and whom they are asked about. */
const SLOW: Readonly<Record<string, readonly string[]>> = {
  [`${TESTS}/routing_exhaustive_test.ts`]: ["federation/routing/paths", "federation/custody"],
  [`${TESTS}/scenarios/long_partition_test.ts`]: ["federation/membership"],
};
/** Files of a folder of the source are tested by this folder of tests. */
const NEAR: Readonly<Record<string, string>> = {
  "federation/routing/records": `${TESTS}/records`,
  "federation/routing/paths": `${TESTS}/paths`,
  "federation/routing/interest": `${TESTS}/interest`,
  "node/delivery": "tests/node/delivery",
};

/** The test of the file itself, the quick tests near it, all of the federation, then meshes in the simulator. */
export function stagesFor(file: string, options: StageOptions): Stage[] {
  const { root } = options;
  const folder = NEAR[dirname(file)] ?? TESTS;
  const own = `${basename(file, ".ts")}_test.ts`;
  const near = testsIn(root, folder).filter((path) => dirname(path) === folder);
  const slow = Object.keys(SLOW).filter((path) => SLOW[path].includes(dirname(file)));
  const stages: Stage[] = [];
  if (existsSync(join(root, folder, own))) stages.push(testStage(root, [`${folder}/${own}`], NEAR_TIMEOUT_MS));
  stages.push(testStage(root, near, NEAR_TIMEOUT_MS));
  stages.push(testStage(root, [...testsIn(root, TESTS), ...slow], ALL_TIMEOUT_MS));
  if (options.seeds > 0) stages.push(seedStage(options));
  return stages;
}

/** The tests of a folder and those below it, but for the slow ones. */
function testsIn(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith("_test.ts") && SLOW[path] === undefined);
}

function testStage(root: string, paths: readonly string[], timeoutMs: number): Stage {
  const options = ["--bail=1", `--timeout=${TEST_TIMEOUT_MS}`];
  return { command: [bunOf(root), "test", ...options, ...paths.map((path) => `./${path}`)], timeoutMs };
}

function seedStage({ root, seeds, firstSeed }: StageOptions): Stage {
  const numbers = ["--seeds", String(seeds), "--first-seed", String(firstSeed)];
  return { command: [bunOf(root), "scripts/simulate.ts", ...numbers], timeoutMs: seeds * SEED_TIMEOUT_MS };
}

function bunOf(root: string): string {
  return join(root, "node_modules/.bin/bun");
}
