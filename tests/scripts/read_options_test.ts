import { describe, expect, it } from "bun:test";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

const SCRIPTS = ["demo", "faults", "mutants", "simulate", "bench/main"];

function run(script: string, ...args: string[]): { code: number | null; out: string; err: string } {
  const path = fileURLToPath(new URL(`../../scripts/${script}.ts`, import.meta.url));
  const runtime = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...runtime, path, ...args], { encoding: "utf8" });
  return { code: status, out: stdout, err: stderr };
}

describe("readOptions()", () => {
  for (const script of SCRIPTS) {
    it(`lets ${script} say with --help what it does and how it is called`, () => {
      const { code, out } = run(script, "--help");
      expect([code, out.includes("bun")]).toEqual([0, true]);
      expect(out).not.toContain("*/");
      expect(out.split("\n").filter((line) => line.startsWith(" *"))).toEqual([]);
    });
  }

  it("says which option is not known, and where help is, without a stack", () => {
    const { code, err } = run("simulate", "--seed", "1");
    expect(code).toBe(2);
    expect(err).toContain("--seed");
    expect(err.trim().split("\n")).toHaveLength(1);
  });
});
