/**
 * The one gate: format, lint, types, then every test file on Bun and on Deno, then whether the two agree.
 *
 *     bun scripts/check.ts                 everything
 *     bun scripts/check.ts tests/node/     only the test files that begin so, on both runtimes
 *
 * With CI=true a skipped test that tests/allowed_skips.txt does not list fails. The last line is `N passed, N failed`.
 */

import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import {
  binaryOf,
  checkCanaries,
  compareRuns,
  type FileRun,
  findTestFiles,
  parseAllowedSkips,
  runCommand,
  runTestFile,
  type Runtime,
  unlistedSkips,
} from "./check/mod.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const staticTimeoutMs = 300_000;

/** Files at once. Tests that need real processes, or measure, run alone. */
const parallelMax = Math.min(4, availableParallelism());

const tally = { passed: 0, failed: 0 };

async function main(prefixes: readonly string[]): Promise<number> {
  if (prefixes.length === 0) await checkStatically();
  const runs = await runTests(findTestFiles(root, prefixes));
  if (prefixes.length === 0) tell("the runners can fail (canaries)", await checkCanaries(root));
  tell("Bun and Deno executed the same tests", compareRuns(runs));
  if (process.env.CI === "true") tell("no test is skipped that is not listed", unlistedSkips(runs, allowedSkips()));
  console.log(`${tally.passed} passed, ${tally.failed} failed`);
  return tally.failed === 0 ? 0 : 1;
}

async function checkStatically(): Promise<void> {
  const deno = binaryOf(root, "deno");
  const folders = ["mod.ts", "node", "federation", "adapters", "tests", "scripts"].filter((name) =>
    existsSync(join(root, name))
  );
  await checkCommand("format", [deno, "fmt", "--check", "--quiet"]);
  await checkCommand("lint", [deno, "lint", "--quiet"]);
  await checkCommand("types on Bun", [
    binaryOf(root, "bun"),
    join("node_modules", "typescript", "bin", "tsc"),
    "-p",
    ".",
  ]);
  await checkCommand("types on Deno", [deno, "check", "--quiet", ...folders]);
}

async function checkCommand(title: string, command: readonly string[]): Promise<void> {
  const { code, output, durationMs, timedOut } = await runCommand(command, { cwd: root, timeoutMs: staticTimeoutMs });
  const problem = timedOut ? `still running after ${staticTimeoutMs / 1000} s` : output.trim();
  tell(title, code === 0 ? [] : [problem], durationMs);
}

async function runTests(files: readonly string[]): Promise<readonly FileRun[]> {
  const alone = (file: string) => /^tests\/(e2e|simulation)\//.test(file);
  const jobs = (chosen: readonly string[]) =>
    chosen.flatMap((file) => (["bun", "deno"] as const).map((runtime) => ({ file, runtime })));
  return [
    ...await runJobs(jobs(files.filter((file) => !alone(file))), parallelMax),
    ...await runJobs(jobs(files.filter(alone)), 1),
  ];
}

async function runJobs(
  jobs: readonly { readonly file: string; readonly runtime: Runtime }[],
  parallel: number,
): Promise<readonly FileRun[]> {
  const waiting = [...jobs];
  const runs: FileRun[] = [];
  const work = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const run = await runTestFile(root, job.runtime, job.file);
      runs.push(run);
      tellRun(run);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return runs;
}

function tellRun({ file, runtime, tests, trouble, durationMs, output }: FileRun): void {
  const count = (state: string) => tests.filter((test) => test.state === state).length;
  const [passed, failed, skipped] = [count("passed"), count("failed"), count("skipped")];
  tally.passed += passed;
  tally.failed += failed + (trouble === undefined ? 0 : 1);
  const counts = [
    `${passed} passed`,
    ...failed > 0 ? [`${failed} failed`] : [],
    ...skipped > 0 ? [`${skipped} skipped`] : [],
  ];
  const good = failed === 0 && trouble === undefined;
  console.log(`${good ? "✓" : "✗"} ${runtime.padEnd(4)} ${file}  ${counts.join(", ")}  ${seconds(durationMs)}`);
  if (good) return;
  if (trouble !== undefined) console.log(indent(trouble));
  console.log(indent(output.split("\n").filter((line) => !isPassingLine(line)).join("\n").trim()));
}

function tell(title: string, problems: readonly string[], durationMs?: number): void {
  const good = problems.length === 0;
  tally[good ? "passed" : "failed"]++;
  console.log(`${good ? "✓" : "✗"} ${title}${durationMs === undefined ? "" : `  ${seconds(durationMs)}`}`);
  if (!good) console.log(problems.map(indent).join("\n"));
}

function allowedSkips(): readonly string[] {
  const file = join(root, "tests", "allowed_skips.txt");
  return existsSync(file) ? parseAllowedSkips(readFileSync(file, "utf8")) : [];
}

function isPassingLine(line: string): boolean {
  return line.startsWith("(pass) ") || / \.\.\. ok \(/.test(line);
}

function indent(text: string): string {
  return text.replace(/^/gm, "    ");
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}

process.exitCode = await main(process.argv.slice(2));
