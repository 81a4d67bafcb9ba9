/** The demonstration as people start it: it tells the truth, can be left running, and leaves nothing behind. */

import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "bun:test";

import { eventually } from "../support/eventually.ts";
import { thisRuntime } from "../support/node_process.ts";
import { tempDir } from "../support/temp_dir.ts";
import { Typed } from "../support/typed.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Five nodes start, and a link breaks and heals: eight seconds, and many more on a machine under load. */
const limitMs = 180_000;
const patience = { timeoutMs: 120_000, intervalMs: 50 };

function startDemo(temp: string, ...flags: readonly string[]): Typed {
  const options = thisRuntime === "deno" ? ["run", "-A", "--no-check"] : [];
  const words = [process.execPath, ...options, join(root, "scripts", "demo.ts"), ...flags];
  // Its folders go where the test sees them; `exec`, so that a signal reaches the demonstration and nobody else.
  const command = `echo pid $$; exec ${words.map((word) => `'${word}'`).join(" ")}`;
  return new Typed(command, temp, { ...process.env, TMPDIR: temp });
}

function interrupt(demo: Typed): void {
  process.kill(Number(/^pid (\d+)/.exec(demo.output)![1]), "SIGINT");
}

async function saysAll(demo: Typed, ...patterns: readonly RegExp[]): Promise<void> {
  await eventually(() => {
    const missing = patterns.filter((pattern) => !pattern.test(demo.output));
    if (missing.length > 0) throw new Error(`Cannot see ${missing}: it says: ${demo.output}`);
  }, patience);
}

function urlsOf(demo: Typed): string[] {
  return [...new Set(demo.output.match(/http:\/\/127\.0\.0\.1:\d+/g))];
}

function foldersIn(path: string): string[] {
  return readdirSync(path).filter((name) => name.startsWith("weft-"));
}

async function answers(url: string): Promise<boolean> {
  return await fetch(`${url}/livez`).then((response) => response.text().then(() => response.ok), () => false);
}

describe("npx bun run demo", () => {
  it("brings every event around a broken link, once, and ends by itself", async () => {
    const temp = tempDir();
    const demo = startDemo(temp.path);
    try {
      expect(await demo.ended).toBe(0);
      expect(demo.output).toMatch(/order\.> +warsaw +berlin +paris > berlin > warsaw/);
      expect(demo.output).toMatch(/order\.> +warsaw +milan +paris > milan > vienna > warsaw/);
      expect(demo.output).toMatch(/milan +paris +vienna/);
      const [, arrived, published] = /(\d+) of (\d+) events arrived, 0 missing, 0 twice/.exec(demo.output)!;
      expect(arrived).toBe(published);
      expect(Number(published)).toBeGreaterThan(2000);
      expect(demo.output).toContain(`"accepted":${published},"delivered":${published},"parked":0,"queued":0`);
    } finally {
      await demo.kill();
      temp.dispose();
    }
  }, limitMs);

  it("goes on with --keep until Ctrl-C, then no node and no folder is left", async () => {
    const temp = tempDir();
    const demo = startDemo(temp.path, "--keep");
    try {
      await saysAll(demo, /goes on until Ctrl-C/, /v1\/links/);
      const urls = urlsOf(demo);
      expect(urls).toHaveLength(5);
      expect(await Promise.all(urls.map(answers))).toEqual(urls.map(() => true));
      interrupt(demo);
      expect(await demo.ended).toBe(0);
      expect(await Promise.all(urls.map(answers))).toEqual(urls.map(() => false));
      expect(foldersIn(temp.path)).toEqual([]);
    } finally {
      await demo.kill();
      temp.dispose();
    }
  }, limitMs);

  it("stops at Ctrl-C also while its nodes start, and leaves nothing either", async () => {
    const temp = tempDir();
    const demo = startDemo(temp.path);
    try {
      await saysAll(demo, /berlin .*http/);
      const urls = urlsOf(demo);
      interrupt(demo);
      expect(await demo.ended).toBe(130);
      expect(await Promise.all(urls.map(answers))).toEqual(urls.map(() => false));
      expect(foldersIn(temp.path)).toEqual([]);
    } finally {
      await demo.kill();
      temp.dispose();
    }
  }, limitMs);
});
