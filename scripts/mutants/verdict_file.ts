/** What was found out so far, on disk, so that a run that was stopped goes on where it was. */

import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";

import type { Mutant } from "./mutant.ts";
import type { Verdict } from "./workshop.ts";

/** A verdict holds as long as the mutant is the same; that it survived, only as long as the tests are, too. */
export class VerdictFile {
  readonly #path: string;
  readonly #testsHash: string;
  readonly #verdicts: Map<string, Verdict & { readonly tests: string }>;

  /** `tests`: the text of all tests. */
  constructor(path: string, tests: string) {
    this.#path = path;
    this.#testsHash = hashOf(tests);
    this.#verdicts = new Map(existsSync(path) ? Object.entries(JSON.parse(readFileSync(path, "utf8"))) : []);
  }

  find(mutant: Mutant, source: string): Verdict | undefined {
    const found = this.#verdicts.get(keyOf(mutant, source));
    if (found === undefined || (found.type === "survived" && found.tests !== this.#testsHash)) return undefined;
    const { tests: _, ...verdict } = found;
    return verdict;
  }

  note(mutant: Mutant, source: string, verdict: Verdict): void {
    this.#verdicts.set(keyOf(mutant, source), { ...verdict, tests: this.#testsHash });
    writeFileSync(this.#path, `${JSON.stringify(Object.fromEntries(this.#verdicts), undefined, 1)}\n`);
  }
}

function keyOf({ file, mutate }: Mutant, source: string): string {
  return `${file} ${hashOf(mutate(source))}`;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
