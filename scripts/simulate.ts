/**
 * Runs the federation in the deterministic simulator, seed after seed, and says which promise broke and how to see it again.
 *
 *     bun scripts/simulate.ts [--seeds 1000] [--first-seed 1] [--clusters 3-9] [--seconds 60] [--jobs 2] [--keep-going] [--json]
 *
 * `--jobs` is the number of threads; the report does not depend on it. `--clusters` and `--seconds` fix what each seed else
 * chooses; a range is chosen from by seed. Ends with 1 after a failure. A seed with the same options does the same on Bun and
 * on Deno: the hash of the last line says so for all of them.
 */

import process from "node:process";

import { readOptions } from "./options/read_options.ts";
import { runInThreads } from "./simulate/in_threads.ts";
import { type NumberedResult, runNumbered } from "./simulate/numbered_seed.ts";

const { values } = readOptions(import.meta.url, {
  options: {
    seeds: { type: "string", default: "1000" },
    "first-seed": { type: "string", default: "1" },
    clusters: { type: "string" },
    seconds: { type: "string" },
    jobs: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    "keep-going": { type: "boolean", default: false },
  },
});

/** Progress is told this often. */
const PROGRESS_MS = 5000;

const first = Number(values["first-seed"]);
const count = Number(values.seeds);
const marks = new Map<string, number>();
let hash = 0;
let virtualMs = 0;
let steps = 0;
let failures = 0;
let done = 0;
const startedAt = performance.now();
let toldAt = startedAt;

const jobs = Number(values.jobs);
if (!Number.isInteger(jobs) || jobs < 1 || jobs > 256) {
  process.stderr.write(`Cannot run in "${values.jobs}" threads: --jobs takes a whole number from 1 to 256\n`);
  process.exit(2);
}
if (jobs === 1) {
  for (let seed = first; seed < first + count; seed++) if (!judge(runNumbered(seed, values))) break;
} else await runInThreads({ first, count, jobs, choices: values, take: judge });
finish();

/** Answers whether to go on. */
function judge(result: NumberedResult): boolean {
  take(result);
  if (result.failure === undefined) return true;
  failures++;
  process.stderr.write(`${result.failure}\n\nsee it again with: ${replayCommand(result.seed)}\n`);
  return values["keep-going"];
}

function take(result: NumberedResult): void {
  done++;
  virtualMs += result.virtualMs;
  steps += result.steps;
  hash = (Math.imul(hash, 31) + parseInt(result.hash.slice(8), 16)) >>> 0;
  for (const [mark, times] of Object.entries(result.marks)) marks.set(mark, (marks.get(mark) ?? 0) + times);
  const now = performance.now();
  if (values.json || now - toldAt < PROGRESS_MS) return;
  toldAt = now;
  process.stderr.write(`${done} of ${count} seeds, ${speed()} virtual seconds a second\n`);
}

function speed(): number {
  return Math.round(virtualMs / Math.max(1, performance.now() - startedAt));
}

function replayCommand(seed: number): string {
  const options = (["clusters", "seconds"] as const).flatMap((name) =>
    values[name] === undefined ? [] : [`--${name} ${values[name]}`]
  );
  return ["bun scripts/simulate.ts --seeds 1", `--first-seed ${seed}`, ...options].join(" ");
}

function finish(): void {
  const summary = {
    seeds: done,
    failures,
    steps,
    virtualSeconds: Math.round(virtualMs / 1000),
    virtualSecondsPerSecond: speed(),
    hash: hash.toString(16).padStart(8, "0"),
    marks: Object.fromEntries([...marks].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  if (values.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  else {
    for (const [mark, times] of Object.entries(summary.marks)) {
      process.stdout.write(`${String(times).padStart(10)}  ${mark}\n`);
    }
    process.stdout.write(
      `${done} seeds, ${failures} failed, ${summary.virtualSeconds} virtual seconds, ${steps} steps, ` +
        `${summary.virtualSecondsPerSecond} virtual seconds a second, hash ${summary.hash}\n`,
    );
  }
  process.exitCode = failures === 0 ? 0 : 1;
}
