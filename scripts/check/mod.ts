/**
 * The parts of the gate: commands that must succeed, test files on two runtimes, and what is made of their reports.
 *
 * @module
 */

export { checkCanaries } from "./canaries.ts";
export { findTestFiles } from "./find_test_files.ts";
export { type Outcome, runCommand } from "./run_command.ts";
export { binaryOf, type FileRun, runTestFile, type Runtime } from "./run_test_file.ts";
export { compareRuns, parseAllowedSkips, unlistedSkips } from "./verdicts.ts";
