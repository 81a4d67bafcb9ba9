/** Proves that the runners can fail: a gate that cannot turn red says nothing when it is green. */

import { type FileRun, runTestFile, type Runtime } from "./run_test_file.ts";

/** Not named as a test file, so that no runner finds it by itself. */
const canaryFile = "tests/support/canary.ts";

/** What is wrong with the runners, one text each; none when every canary was seen to fail, and to pass where it should. */
export async function checkCanaries(root: string): Promise<readonly string[]> {
  const runtimes: readonly Runtime[] = ["bun", "deno"];
  const runs = await Promise.all(runtimes.map((runtime) => runTestFile(root, runtime, canaryFile)));
  return runs.flatMap(judgeCanary);
}

/** The canary file holds one test per way to fail, `fails …`, beside one that passes and one that is skipped. */
export function judgeCanary({ runtime, tests, trouble }: FileRun): readonly string[] {
  if (trouble !== undefined) return [`the canaries did not run on ${runtime}: ${trouble}`];
  const expectedOf = (name: string) => / > (fails|passes|skips) /.exec(` > ${name}`)?.[1];
  const states: Readonly<Record<string, string>> = { fails: "failed", passes: "passed", skips: "skipped" };
  const wrong = tests.filter((test) => test.state !== states[expectedOf(test.name) ?? ""]);
  const complete = ["failed", "passed", "skipped"].every((state) => tests.some((test) => test.state === state));
  return [
    ...wrong.map((test) => `the canary "${test.name}" ${test.state} on ${runtime}`),
    ...complete ? [] : [`the canaries on ${runtime} do not show all of failed, passed and skipped`],
  ];
}
