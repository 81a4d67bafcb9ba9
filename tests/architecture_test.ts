import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "bun:test";

import { checkSourceFile, linesMax, type SourceFile } from "./support/architecture.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Every source file of the project. */
function readSources(): readonly SourceFile[] {
  const folders = readdirSync(root).filter((name) => !name.startsWith(".") && !["node_modules", "docs"].includes(name));
  return folders.flatMap((folder) => {
    if (/\.tsx?$/.test(folder)) return [folder];
    if (folder.includes(".") || folder === "LICENSE") return [];
    const names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
    return names.filter((name) => !name.includes("node_modules")).map((name) =>
      `${folder}/${name.replaceAll("\\", "/")}`
    );
  }).filter((path) => /\.(ts|tsx|mjs)$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

describe("the layout", () => {
  const sources = readSources();

  it("is read from the project itself", () => {
    expect(sources.map((source) => source.path)).toContain("node/event.ts");
  });

  it("follows its rules in every file", () => {
    expect(sources.flatMap(checkSourceFile)).toEqual([]);
  });
});

describe("checkSourceFile()", () => {
  const bad: readonly (readonly [rule: string, file: SourceFile, problem: string])[] = [
    ["a name in camel case", { path: "node/eventStore.ts", text: "" }, "not snake_case"],
    ["a file too long", { path: "node/x.ts", text: "a\n".repeat(linesMax + 1) }, `more than ${linesMax}`],
    [
      "node that knows adapters",
      { path: "node/x.ts", text: 'import { a } from "../adapters/y.ts";' },
      "may not know adapters",
    ],
    [
      "node that knows federation",
      { path: "node/x.ts", text: 'export * from "../federation/mod.ts";' },
      "may not know",
    ],
    [
      "federation that knows adapters",
      { path: "federation/a/x.ts", text: 'import "../../adapters/y.ts";' },
      "may not know",
    ],
    ["federation that reaches into node", {
      path: "federation/x.ts",
      text: 'import {\n  type A,\n} from "../node/event.ts";',
    }, "reaches into node"],
    ["an adapter that reaches into node", {
      path: "adapters/door/x.ts",
      text: 'import type { A } from "../../node/event.ts";',
    }, "reaches into node"],
    [
      "a dynamic import across layers",
      { path: "node/x.ts", text: 'await import("../adapters/y.ts");' },
      "may not know",
    ],
    ["an import without extension", { path: "node/x.ts", text: 'import { a } from "./y";' }, "no file extension"],
    ["a package in the wrong place", { path: "node/x.ts", text: 'import { Hono } from "hono";' }, 'package "hono"'],
    ["a part of a package in the wrong place", {
      path: "adapters/store/x.ts",
      text: 'import { a } from "@logtape/logtape/b";',
    }, 'package "@logtape/logtape"'],
    ["the test runner outside of tests", { path: "scripts/x.ts", text: 'import { it } from "bun:test";' }, "bun:test"],
    [
      "the SDK as code instead of types",
      { path: "node/x.ts", text: 'import { HTTP } from "cloudevents";' },
      "cloudevents",
    ],
    ["a registry in a specifier", { path: "tests/x.ts", text: 'import { a } from "npm:valibot";' }, "names a registry"],
    ["a runtime outside its folder", { path: "adapters/x.ts", text: "const a = Deno.env;" }, "names a runtime"],
    ["a clock in federation", { path: "federation/x.ts", text: "const a = Date.now();" }, "touches the outside"],
    ["dice in federation", { path: "federation/x.ts", text: "Math.random()" }, "touches the outside"],
    ["logarithms in federation", { path: "federation/x.ts", text: "Math.log2(8)" }, "touches the outside"],
    ["a timer in federation", { path: "federation/x.ts", text: "setTimeout(f, 1)" }, "touches the outside"],
    ["code in mod.ts", { path: "node/mod.ts", text: "/** A.\n * @module */\nexport const a = 1;" }, "holds code"],
    ["a mod.ts without its purpose", { path: "node/mod.ts", text: 'export { a } from "./a.ts";' }, "@module"],
  ];

  for (const [rule, file, problem] of bad) {
    it(`finds ${rule}`, () => expect(checkSourceFile(file).join("\n")).toContain(problem));
  }

  it("accepts what the rules allow", () => {
    const good: readonly SourceFile[] = [
      {
        path: "node/event_store.ts",
        text: 'import * as v from "valibot";\nimport type { CloudEvent } from "cloudevents";',
      },
      {
        path: "federation/x.ts",
        text: '// Date.now() is not for us\nimport { a } from "../node/mod.ts";\nMath.max(1, 2);',
      },
      {
        path: "adapters/door/http/app.ts",
        text: 'import { Hono } from "hono/tiny";\nimport { b } from "../../sink/mod.ts";',
      },
      { path: "adapters/runtime/deno.ts", text: "Deno.serve({}, f);" },
      { path: "node/mod.ts", text: '/** A.\n * @module */\nexport { a } from "./a.ts";\nexport * from "./b.ts";' },
      { path: "adapters/store/x.ts", text: 'import { a } from "../../node/log_block.ts";' },
      { path: "node/x.ts", text: 'throw new Error("Deno.serve() is elsewhere");' },
    ];
    expect(good.flatMap(checkSourceFile)).toEqual([]);
  });
});
