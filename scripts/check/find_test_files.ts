/** Which test files there are. */

import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Paths of test files relative to `root`, sorted; with `prefixes`, only those that begin with one of them. */
export function findTestFiles(root: string, prefixes: readonly string[] = []): readonly string[] {
  return readdirSync(join(root, "tests"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith("_test.ts"))
    .map((path) => `tests/${path.replaceAll("\\", "/")}`)
    .filter((path) => prefixes.length === 0 || prefixes.some((prefix) => path.startsWith(prefix)))
    .sort();
}
