/** The pages that show commands: each is walked through as a reader would, on this runtime, and its answers are compared. */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "bun:test";

import { Tour } from "../support/tour.ts";
import { walkedPages } from "../support/walked_pages.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const hasCurl = spawnSync("curl", ["--version"]).status === 0;

/** Some thirty commands, each a process. */
const limitMs = 120_000;

async function walk(path: string, page: string, options: { readonly timeoutMs?: number } = {}): Promise<number> {
  await using tour = await Tour.begin(options);
  return await tour.walk(path, page);
}

describe.skipIf(!hasCurl)("a reader who has curl", () => {
  for (const path of walkedPages) {
    it(`can follow ${path} and sees the answers that it shows`, async () => {
      expect(await walk(path, readFileSync(join(root, path), "utf8"))).toBeGreaterThan(4);
    }, limitMs);
  }
});

describe("Tour.walk()", () => {
  const start = "```sh\nnpx -y bun run node\n```\n";

  const walkBriefly = (page: string) => walk("page.md", `${start}\n${page}`, { timeoutMs: 500 });

  it("notices an answer that does not come", async () => {
    await expect(walkBriefly("```sh\necho three\n```\n\n```text\nfour\n```\n")).rejects.toThrow("no line like:\nfour");
  }, limitMs);

  it("notices a command that fails, and one that should", async () => {
    await expect(walkBriefly("```sh\nweft explain\n```\n")).rejects.toThrow("page.md:5");
    await expect(walkBriefly("```sh\necho weft: no\n```\n\n```text\nweft: no\n```\n")).rejects.toThrow("ended with 0");
  }, limitMs);
});
