/** What the runs of the test files mean together: both runtimes ran the same tests, and nothing was left out unseen. */

import type { FileRun } from "./run_test_file.ts";

/** Differences between what Bun and Deno executed, one text per file. */
export function compareRuns(runs: readonly FileRun[]): readonly string[] {
  const files = [...new Set(runs.map((run) => run.file))];
  return files.flatMap((file) => {
    const [bun, deno] = (["bun", "deno"] as const).map((runtime) =>
      runs.find((run) => run.file === file && run.runtime === runtime)
    );
    // What hung or crashed was reported as such already.
    if (bun === undefined || deno === undefined || bun.trouble !== undefined || deno.trouble !== undefined) return [];
    const [onBun, onDeno] = [executed(bun), executed(deno)];
    if (onBun.length === onDeno.length) return [];
    const missing = [...without(onBun, onDeno).map((name) => `only on Bun: ${name}`)].concat(
      without(onDeno, onBun).map((name) => `only on Deno: ${name}`),
    );
    return [[`${file}: Bun executed ${onBun.length} tests, Deno ${onDeno.length}`, ...missing].join("\n  ")];
  });
}

/**
 * Skipped tests that the list does not allow, as `file: test name`. A line of the list may end with `*` and may begin
 * with `bun ` or `deno ` when the skip is that runtime's alone.
 */
export function unlistedSkips(runs: readonly FileRun[], allowed: readonly string[]): readonly string[] {
  return runs.flatMap(({ file, runtime, tests }) =>
    tests.filter((test) => test.state === "skipped").map((test) => `${file}: ${test.name}`)
      .filter((skip) => !allowed.some((line) => allows(line, skip) || allows(line, `${runtime} ${skip}`)))
      .map((skip) => `${runtime} ${skip}`)
  );
}

/** The lines of an allow list without comments and blank lines. */
export function parseAllowedSkips(text: string): readonly string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
}

function allows(line: string, skip: string): boolean {
  return line.endsWith("*") ? skip.startsWith(line.slice(0, -1)) : skip === line;
}

function executed({ tests }: FileRun): readonly string[] {
  return tests.filter((test) => test.state !== "skipped").map((test) => test.name);
}

function without(left: readonly string[], right: readonly string[]): readonly string[] {
  const others = new Set(right);
  return left.filter((name) => !others.has(name));
}
