/** A copy of the project in which mutants are tried, one at a time. */

import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { runCommand } from "../check/run_command.ts";
import type { Mutant } from "./mutant.ts";
import type { Stage } from "./stages.ts";

/** What the tests said to a mutant. */
export interface Verdict {
  /** `invalid`: it is no code any more, and proves nothing. */
  readonly type: "killed" | "survived" | "invalid";
  /** The test, the seed or the time-out that noticed it. */
  readonly by?: string;
  readonly durationMs: number;
}

const PARSE_TIMEOUT_MS = 30_000;
/** Folders of the project that the tests of the federation need. */
const NEEDED = ["adapters", "federation", "node", "scripts", "tests", "docs"];

export class Workshop implements Disposable {
  readonly folder: string;

  constructor(root: string) {
    this.folder = mkdtempSync(join(tmpdir(), "weft-mutants-"));
    const files = readdirSync(root).filter((name) => /\.(ts|json|toml)$/.test(name));
    for (const name of [...NEEDED, ...files]) cpSync(join(root, name), join(this.folder, name), { recursive: true });
    symlinkSync(realpathSync(join(root, "node_modules")), join(this.folder, "node_modules"));
  }

  /** Runs the stages on the source as it is: answers what fails. */
  async runAll(stages: readonly Stage[]): Promise<string | undefined> {
    for (const stage of stages) {
      const failure = await this.#run(stage);
      if (failure !== undefined) return `${stage.command.join(" ")}: ${failure}`;
    }
    return undefined;
  }

  async judge(mutant: Mutant, stages: readonly Stage[]): Promise<Verdict> {
    const path = join(this.folder, mutant.file);
    const original = readFileSync(path, "utf8");
    const startedAt = performance.now();
    writeFileSync(path, mutant.mutate(original));
    try {
      const fault = await this.#parse(mutant.file);
      if (fault !== undefined) return { type: "invalid", by: fault, durationMs: 0 };
      for (const stage of stages) {
        const by = await this.#run(stage);
        if (by !== undefined) return { type: "killed", by, durationMs: Math.round(performance.now() - startedAt) };
      }
      return { type: "survived", durationMs: Math.round(performance.now() - startedAt) };
    } finally {
      writeFileSync(path, original);
    }
  }

  async #parse(file: string): Promise<string | undefined> {
    const bun = join(this.folder, "node_modules/.bin/bun");
    const { code, output } = await runCommand([bun, "build", "--no-bundle", file], {
      cwd: this.folder,
      timeoutMs: PARSE_TIMEOUT_MS,
    });
    return code === 0 ? undefined : firstFailure(output);
  }

  async #run({ command, timeoutMs }: Stage): Promise<string | undefined> {
    const { code, output, timedOut } = await runCommand(command, { cwd: this.folder, timeoutMs });
    if (timedOut) return `no end within ${timeoutMs / 1000} s`;
    return code === 0 ? undefined : firstFailure(output);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The first test or seed that failed, else the first error. */
function firstFailure(output: string): string {
  const test = /^\(fail\) (.*?)(?: \[[\d.]+m?s\])?$/m.exec(output);
  const seed = /^seed \d+ failed.*$/m.exec(output);
  const error = /^(?!\(pass\)).*\berror: .*$/im.exec(output);
  return (test?.[1] ?? seed?.[0] ?? error?.[0] ?? "it ended with an error").trim();
}
