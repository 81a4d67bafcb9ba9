import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "bun:test";
import { parse } from "yaml";

import { CesqlSyntaxError, compileCesql, parseCesql } from "../../../../node/filter/cesql/mod.ts";

interface Case {
  readonly name: string;
  /** YAML reads some expressions as a Boolean or a number. */
  readonly expression: string | boolean | number;
  readonly result?: string | number | boolean;
  readonly error?: string;
  readonly event?: Readonly<Record<string, string | number | boolean>>;
  readonly eventOverrides?: Readonly<Record<string, string | number | boolean>>;
}

const kit = fileURLToPath(new URL("../../../../../shared/data/cesql_tck/", import.meta.url));
const defaults = { specversion: "1.0", id: "testId", source: "testSource", type: "test.type" };

function outcome({ expression, event, eventOverrides }: Case): { value?: unknown; error?: string } {
  try {
    const attributes = { ...(event ?? defaults), ...eventOverrides };
    const { value, error } = compileCesql(parseCesql(String(expression))).evaluate(attributes);
    return { value, error: error?.kind };
  } catch (error) {
    if (error instanceof CesqlSyntaxError) return { value: false, error: error.kind };
    throw error;
  }
}

const files = existsSync(kit) ? readdirSync(kit).filter((file) => file.endsWith(".yaml")).sort() : [];

describe("The published CESQL kit", () => {
  const skips = files.length === 0;
  const title = skips ? "has 18 files and 275 cases (skipped: ../shared/data/cesql_tck is not here)" : "has 18 files";
  it.skipIf(skips)(title, () => expect(files).toHaveLength(18));

  let cases = 0;
  for (const file of files) {
    const { tests } = parse(readFileSync(`${kit}${file}`, "utf8")) as { tests: Case[] };
    cases += tests.length;
    for (const test of tests) {
      it(`${file}: ${test.name}`, () => {
        const { value, error } = outcome(test);
        expect(error).toBe(test.error as string);
        if (test.result !== undefined) expect(value).toBe(test.result as string);
      });
    }
  }

  it.skipIf(skips)("has 275 cases", () => expect(cases).toBe(275));
});
