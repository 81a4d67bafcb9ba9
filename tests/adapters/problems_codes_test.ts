/** The list of codes is complete, used, and what the page about errors says. */

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "bun:test";

import { PROBLEM_CODES, type ProblemCode } from "../../adapters/door/http/problem_codes.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const list = "adapters/door/http/problem_codes.ts";

function readSources(): string[] {
  const files = ["node", "federation", "adapters"].flatMap((folder) => findSources(folder));
  return files.filter((path) => path !== list).map((path) => readFileSync(root + path, "utf8"));
}

function findSources(folder: string): string[] {
  let entries;
  try {
    entries = readdirSync(root + folder, { withFileTypes: true });
  } catch {
    return []; // a folder that is not there has no source
  }
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return findSources(path);
    return entry.name.endsWith(".ts") ? [path] : [];
  });
}

/** Codes that the source gives to an error, a refusal or a problem. */
function thrownCodes(source: string): string[] {
  const created = source.matchAll(
    /(?:(?<!#)\b(?:RefusedError|CodecError|super|problem|refuse)\()\s*"([A-Z][A-Z0-9_]+)"/g,
  );
  const typed = source.match(/type CodecErrorCode =([^;]+);/)?.[1].matchAll(/"([A-Z_]+)"/g) ?? [];
  return [...created, ...typed].map((match) => match[1]);
}

const sources = readSources();

describe("PROBLEM_CODES", () => {
  it("holds every code that the source throws", () => {
    const missing = new Set(sources.flatMap(thrownCodes).filter((code) => !Object.hasOwn(PROBLEM_CODES, code)));
    expect([...missing]).toEqual([]);
  });

  it("holds no code that the source does not use", () => {
    const unused = Object.keys(PROBLEM_CODES).filter((code) => !sources.some((text) => text.includes(`"${code}"`)));
    expect(unused).toEqual([]);
  });

  it("says of each what to do, and of each 429 and 503 when to come back", () => {
    for (const [code, entry] of Object.entries<ProblemCode>(PROBLEM_CODES)) {
      expect(code).toMatch(/^[A-Z][A-Z0-9_]+$/);
      expect(entry.status).toBeGreaterThanOrEqual(400);
      expect(entry.explanation).toMatch(/\.$/);
      expect(entry.remedy).toMatch(/\.$/);
      expect(entry.retryAfterMs !== undefined).toBe(entry.status === 429 || entry.status === 503);
    }
  });
});

describe("thrownCodes()", () => {
  it("sees a code on the line after the call", () => {
    expect(thrownCodes('throw new RefusedError(\n  "SOME_CODE",\n  "words")')).toEqual(["SOME_CODE"]);
  });

  it("sees the codes of a union", () => {
    expect(thrownCodes('type CodecErrorCode =\n  | "A_B"\n  | "C_D";')).toEqual(["A_B", "C_D"]);
  });
});
