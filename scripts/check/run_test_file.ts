/** Runs one test file on one runtime, in a process of its own, and reads what became of each test. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseTestReport, type TestResult } from "./parse_test_report.ts";
import { runCommand } from "./run_command.ts";

export type Runtime = "bun" | "deno";

export interface FileRun {
  readonly file: string;
  readonly runtime: Runtime;
  readonly tests: readonly TestResult[];
  readonly durationMs: number;
  /** Why the file counts as failed although no single test did: it hung, crashed, or holds no tests. */
  readonly trouble: string | undefined;
  /** What the runner printed, for the failures. */
  readonly output: string;
}

/** A unit test file takes seconds; real processes, brokers and crashes take longer. */
const timeoutMs = { unit: 120_000, e2e: 300_000 };

export async function runTestFile(root: string, runtime: Runtime, file: string): Promise<FileRun> {
  const folder = mkdtempSync(join(tmpdir(), "weft-check-"));
  try {
    const reportFile = join(folder, "report.xml");
    const limitMs = /^tests\/(e2e|simulation)\//.test(file) ? timeoutMs.e2e : timeoutMs.unit;
    const command = commands[runtime](root, file, reportFile);
    const { code, output, durationMs, timedOut } = await runCommand(command, { cwd: root, timeoutMs: limitMs });
    const tests = existsSync(reportFile) ? parseTestReport(readFileSync(reportFile, "utf8")) : [];
    const trouble = timedOut
      ? `the file was still running after ${
        limitMs / 1000
      } s and was killed: a test hangs, or something keeps the process alive`
      : describeTrouble(code, tests);
    return { file, runtime, tests, durationMs, trouble, output };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function describeTrouble(code: number | undefined, tests: readonly TestResult[]): string | undefined {
  if (tests.some((test) => test.state === "failed")) return undefined;
  if (code !== 0) {
    return `no test failed, but the runner ended with ${code === undefined ? "a signal" : `code ${code}`}`;
  }
  return tests.length === 0 ? "the file holds no tests" : undefined;
}

const commands: Record<Runtime, (root: string, file: string, reportFile: string) => readonly string[]> = {
  bun: (root, file, reportFile) => [
    binaryOf(root, "bun"),
    "test",
    "--reporter=junit",
    `--reporter-outfile=${reportFile}`,
    `./${file}`,
  ],
  // Types are checked once for all files, so running needs no check.
  deno: (root, file, reportFile) => [
    binaryOf(root, "deno"),
    "test",
    "--allow-all",
    "--no-check",
    `--junit-path=${reportFile}`,
    file,
  ],
};

/** The binary itself where it is in place: the package's own command starts Node.js first. */
export function binaryOf(root: string, runtime: Runtime): string {
  const direct = join(root, "node_modules", runtime === "bun" ? "bun/bin/bun.exe" : "deno/deno");
  return existsSync(direct) ? direct : join(root, "node_modules", ".bin", runtime);
}
