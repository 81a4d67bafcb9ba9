import { describe, expect, it } from "bun:test";

import { judgeCanary } from "../../scripts/check/canaries.ts";
import { parseTestReport, type TestResult } from "../../scripts/check/parse_test_report.ts";
import { runCommand } from "../../scripts/check/run_command.ts";
import type { FileRun, Runtime } from "../../scripts/check/run_test_file.ts";
import { compareRuns, parseAllowedSkips, unlistedSkips } from "../../scripts/check/verdicts.ts";

function aRun(runtime: Runtime, tests: readonly TestResult[], trouble?: string): FileRun {
  return { file: "tests/x_test.ts", runtime, tests, durationMs: 1, trouble, output: "" };
}

const passed = (name: string): TestResult => ({ name, state: "passed" });
const skipped = (name: string): TestResult => ({ name, state: "skipped" });

describe("parseTestReport()", () => {
  it("reads what Bun writes: groups from the inside out, states as child elements", () => {
    const report = `<testsuites><testsuite><testcase name="f" classname="inner &gt; outer" time="0" />
      <testcase name="g &lt;1&gt;" classname="" time="0"><failure type="TimeoutError" message="late" /></testcase>
      <testcase name="h" classname="" time="0"><skipped /></testcase></testsuite></testsuites>`;
    expect(parseTestReport(report)).toEqual([
      { name: "outer > inner > f", state: "passed" },
      { name: "g <1>", state: "failed" },
      { name: "h", state: "skipped" },
    ]);
  });

  it("reads what Deno writes: the file as class, the groups in the name", () => {
    const report = `<testsuite><testcase name="outer &gt; f" classname="./tests/support/bun_test_for_deno.ts" time="0">
        </testcase><testcase name="g" classname="./tests/x_test.ts"><failure message="no">no</failure></testcase>`;
    expect(parseTestReport(report)).toEqual([{ name: "outer > f", state: "passed" }, { name: "g", state: "failed" }]);
  });
});

describe("compareRuns()", () => {
  it("is content when both runtimes executed as many tests", () => {
    expect(compareRuns([aRun("bun", [passed("a"), skipped("b")]), aRun("deno", [passed("a")])])).toEqual([]);
  });

  it("names the test that one runtime did not execute", () => {
    const [difference] = compareRuns([
      aRun("bun", [passed("a"), passed("b")]),
      aRun("deno", [passed("a"), skipped("b")]),
    ]);
    expect(difference).toContain("Bun executed 2 tests, Deno 1");
    expect(difference).toContain("only on Bun: b");
  });
});

describe("unlistedSkips()", () => {
  const runs = [aRun("bun", [skipped("a > b")]), aRun("deno", [skipped("a > b")])];

  it("finds a skip that no line allows", () => {
    expect(unlistedSkips(runs, [])).toEqual(["bun tests/x_test.ts: a > b", "deno tests/x_test.ts: a > b"]);
  });

  it("accepts a listed skip, a prefix, and one runtime's own", () => {
    expect(unlistedSkips(runs, parseAllowedSkips("# why\ntests/x_test.ts: a > b\n"))).toEqual([]);
    expect(unlistedSkips(runs, ["tests/x_test.ts: a*"])).toEqual([]);
    expect(unlistedSkips(runs, ["deno tests/x_test.ts: a > b"])).toEqual(["bun tests/x_test.ts: a > b"]);
  });
});

describe("judgeCanary()", () => {
  const good: readonly TestResult[] = [
    passed("canary > passes when nothing is wrong"),
    skipped("canary > skips on demand"),
    { name: "canary > fails by a deadline", state: "failed" },
  ];

  it("is content when each canary did what its title says", () => {
    expect(judgeCanary(aRun("bun", good))).toEqual([]);
  });

  it("finds a runner that takes a failure for a success", () => {
    const blind = good.map((test) => passed(test.name));
    expect(judgeCanary(aRun("bun", blind)).join("\n")).toContain('"canary > fails by a deadline" passed on bun');
  });
});

describe("runCommand()", () => {
  it("ends a command that hangs, and says so", async () => {
    const outcome = await runCommand(["sleep", "60"], { cwd: ".", timeoutMs: 50 });
    expect(outcome.timedOut).toBe(true);
    expect(outcome.durationMs).toBeLessThan(5_000);
  });

  it("gives the exit code and both streams", async () => {
    const outcome = await runCommand(["sh", "-c", "echo out; echo err >&2; exit 3"], { cwd: ".", timeoutMs: 5_000 });
    expect(outcome.code).toBe(3);
    expect(outcome.output).toContain("out\n");
    expect(outcome.output).toContain("err\n");
  });
});
