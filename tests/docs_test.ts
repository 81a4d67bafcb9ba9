/** The documentation says what is so: pages are fresh, links lead somewhere, examples parse, names exist. */

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "bun:test";

import { environmentName, settings, validateConfigFile } from "../adapters/config/mod.ts";
import { OPERATIONS } from "../adapters/door/http/openapi/document.ts";
import { createNode } from "../mod.ts";
import { parseSubscription } from "../node/subscriptions/subscription.ts";
import { renderPages } from "../scripts/docs.ts";
import { documentedMetrics } from "../scripts/docs/mod.ts";
import { anchors, codeBlocks, codeSpans, linkTargets } from "./support/markdown.ts";
import { tempDir } from "./support/temp_dir.ts";
import { walkedPages } from "./support/walked_pages.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

interface Page {
  /** From the root of the project. */
  readonly path: string;
  readonly text: string;
}

const pages = findFiles(["", "docs"], ".md").filter(({ path }) => !path.startsWith("docs/.")).toSorted(byPath);
const generated = await renderPages();
const written = pages.filter(({ path }) => path.startsWith("docs/") && !(path in generated) || path === "README.md");
const sources = findFiles(["node", "federation", "adapters"], ".ts").map(({ text }) => text).join("\n");

/** Files of folders, with what is in their folders; of the root only what lies in it. */
function findFiles(folders: readonly string[], ending: string): readonly Page[] {
  return folders.flatMap((folder) => {
    const names = readdirSync(join(root, folder), { recursive: folder !== "", encoding: "utf8" });
    const paths = names.filter((name) => name.endsWith(ending)).map((name) => join(folder, name));
    return paths.map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
  });
}

function byPath(a: Page, b: Page): number {
  return a.path < b.path ? -1 : 1;
}

/** Blocks of one language on all pages, each named by its place. */
function blocksOf(
  language: string,
): readonly { readonly path: string; readonly place: string; readonly text: string }[] {
  return pages.flatMap(({ path, text }) =>
    codeBlocks(text).filter((block) => block.language === language)
      .map((block) => ({ path, place: `${path}:${block.line}`, text: block.text }))
  );
}

/** What hand-written pages say in backticks and fits, with the page. */
function spansLike(pattern: RegExp): readonly { readonly path: string; readonly name: string }[] {
  return written.flatMap(({ path, text }) =>
    codeSpans(text).flatMap((span) => [...span.matchAll(pattern)]).map((match) => ({
      path,
      name: match[1] ?? match[0],
    }))
  );
}

describe("renderPages()", () => {
  for (const [path, text] of Object.entries(generated)) {
    it(`gives ${path} as it stands there; if not, run scripts/docs.ts`, () => {
      expect(readFileSync(join(root, path), "utf8")).toBe(text);
    });
  }

  it("says of every setting and every metric what it does", async () => {
    expect(settings.filter(({ description }) => !/\.$/.test(description)).map(({ path }) => path)).toEqual([]);
    expect((await documentedMetrics()).filter(({ help }) => !/\.$/.test(help)).map(({ name }) => name)).toEqual([]);
  });
});

describe("links of the documentation", () => {
  it("lead to files that are there, and to headings of theirs", () => {
    const broken = pages.flatMap(({ path, text }) =>
      linkTargets(text).filter((target) => !/^[a-z]+:/.test(target) && !leadsSomewhere(path, target))
        .map((target) => `${path}: ${target}`)
    );
    expect(broken).toEqual([]);
  });

  it("reach every page from the index; if not, add a row to docs/README.md", () => {
    const index = pages.find(({ path }) => path === "docs/README.md")!;
    const targets = linkTargets(index.text).map((target) => join("docs", target));
    const isReached = ({ path }: Page) => targets.some((target) => path === target || path.startsWith(`${target}`));
    const missing = pages.filter(({ path }) =>
      path.startsWith("docs/") && path !== index.path && !isReached({ path, text: "" })
    );
    expect(missing.map(({ path }) => path)).toEqual([]);
  });
});

function leadsSomewhere(from: string, target: string): boolean {
  const [file, anchor] = target.split("#");
  const path = file === "" ? join(root, from) : join(root, dirname(from), file);
  if (!existsSync(path)) return false;
  return anchor === undefined || anchors(readFileSync(path, "utf8")).has(anchor);
}

describe("code blocks of the documentation", () => {
  it("are JSON where they say so", () => {
    for (const { place, text } of blocksOf("json")) {
      expect({ place, parses: parses(text) }).toEqual({ place, parses: true });
    }
  });

  it("are configurations that a node takes where they are YAML", async () => {
    using dir = tempDir();
    const blocks = blocksOf("yaml");
    expect(blocks.length).toBeGreaterThan(0);
    for (const { place, text } of blocks) {
      writeFileSync(join(dir.path, "weft.yaml"), text);
      const problem = await validateConfigFile("weft.yaml", dir.path).then(() => "", (error: Error) => error.message);
      expect({ place, problem }).toEqual({ place, problem: "" });
    }
  });

  it("are run by a test where they are programs", () => {
    const others = blocksOf("ts").filter(({ path }) => !walkedPages.includes(path));
    expect(others.map(({ place }) => place)).toEqual([]);
  });

  it("are commands that a shell can read", () => {
    for (const { place, text } of blocksOf("sh")) {
      const { status, stderr } = spawnSync("sh", ["-n", "-c", text], { encoding: "utf8" });
      expect({ place, status, stderr }).toEqual({ place, status: 0, stderr: "" });
    }
  });

  it("say what they are", () => {
    expect(blocksOf("").map(({ place }) => place)).toEqual([]);
  });
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("names in the documentation", () => {
  it("are metrics that a node shows, all of them documented", async () => {
    using dir = tempDir();
    await using node = await createNode({
      dataDir: dir.path,
      store: { kind: "memory" },
      http: { port: 0 },
      nats: { port: 0 },
    });
    const text = await (await fetch(`${node.url}/metrics`)).text();
    const shown = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    const documented = (await documentedMetrics()).map(({ name }) => name);
    expect(documented.toSorted()).toEqual(shown.toSorted());
    const unknown = spansLike(/weft_[a-z_]+[a-z]/g).filter(({ name }) =>
      !documented.includes(name) && !documented.includes(name.replace(/_(sum|count|bucket)$/, ""))
    );
    expect(unknown).toEqual([]);
  });

  it("are settings", () => {
    const known = settings.map(({ path }) => path);
    const sections = new Set(known.map((path) => path.split(".")[0]));
    const named = spansLike(/^([a-zA-Z]+(?:\.[a-zA-Z]+)+)/g).filter(({ name }) => sections.has(name.split(".")[0]));
    expect(named.length).toBeGreaterThan(5);
    const isKnown = (name: string) => known.some((path) => path === name || path.startsWith(`${name}.`));
    // A file of that folder is no setting.
    expect(named.filter(({ name }) => !isKnown(name) && !/\.(ts|md|json)$/.test(name))).toEqual([]);
  });

  it("are environment variables that are read", () => {
    const known = [
      ...settings.map(({ path }) => environmentName(path)),
      "WEFT_CONFIG",
      "WEFT_URL",
      "WEFT_TOKEN",
      "WEFT_CA",
    ];
    expect(spansLike(/\bWEFT_[A-Z_]*[A-Z]/g).filter(({ name }) => !known.includes(name))).toEqual([]);
  });

  it("are codes that the source gives", () => {
    const codes = spansLike(/^([A-Z]{2,}(?:_[A-Z]+)+)$/g).filter(({ name }) => !name.startsWith("WEFT_"));
    expect(codes.length).toBeGreaterThan(5);
    expect(codes.filter(({ name }) => !new RegExp(`\\b${name}\\b`).test(sources))).toEqual([]);
  });

  it("are paths of the HTTP API", () => {
    const known = [...OPERATIONS.map(({ path }) => path)];
    const named = spansLike(/(?:^|\s)(\/(?:v1|livez|readyz|metrics|openapi\.json|routes)\b[^\s?]*)/g);
    expect(named.length).toBeGreaterThan(5);
    const fits = (path: string, name: string) =>
      new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(name);
    expect(named.filter(({ name }) => !known.some((path) => fits(path, name)))).toEqual([]);
  });

  it("are scripts and tasks of the project", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const { tasks } = JSON.parse(readFileSync(join(root, "deno.json"), "utf8"));
    const called = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\b(bun run|deno task) ([a-z]+)\b/g)].map(([, runner, name]) => ({ path, runner, name }))
    );
    expect(called.length).toBeGreaterThan(5);
    expect(called.filter(({ runner, name }) => !((runner === "bun run" ? scripts : tasks)[name]))).toEqual([]);
  });
});

describe("docs/operations.md", () => {
  const { text } = pages.find(({ path }) => path === "docs/operations.md")!;

  it("quotes messages that the source has", () => {
    const [, section] = text.split("\n## Messages\n");
    const messages = [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, message]) => message);
    expect(messages.length).toBeGreaterThan(20);
    expect(messages.filter((message) => !sources.includes(message))).toEqual([]);
  });
});

describe("docs/delivery.md", () => {
  const { text } = pages.find(({ path }) => path === "docs/delivery.md")!;

  it("shows a subscription with the defaults that it has", () => {
    const [block] = codeBlocks(text).filter(({ language }) => language === "json");
    const shown = JSON.parse(block.text);
    const { id, types, filters, config: { topic, group }, sink } = shown;
    expect(parseSubscription({ id, types, filters, config: { topic, group }, sink }, "new")).toEqual(shown);
  });
});

describe("README.md", () => {
  const { text } = pages.find(({ path }) => path === "README.md")!;
  const commands = codeBlocks(text).map((block) => block.text);

  it("has the commands that start a node and run the tests, each in a block of its own", () => {
    expect(commands).toContain("npx -y bun run node");
    expect(commands).toContain("npx -y bun run test");
  });
});

describe("codeBlocks(), linkTargets(), anchors() and codeSpans()", () => {
  const page = "# A `b` c!\n\n[x](y.md#z) `[no](link)`\n\n```sh\n# no heading\ncurl `id`\n```\n";

  it("tell code from text", () => {
    expect(codeBlocks(page)).toEqual([{ language: "sh", text: "# no heading\ncurl `id`", line: 5 }]);
    expect(linkTargets(page)).toEqual(["y.md#z"]);
    expect([...anchors(page)]).toEqual(["a-b-c"]);
    expect(codeSpans(page)).toEqual(["b", "[no](link)"]);
  });
});
