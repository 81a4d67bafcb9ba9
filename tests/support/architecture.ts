/** The rules of the layout, as a function from a source file to what is wrong with it. Read `rules` top to bottom. */

import { dirname, join, normalize } from "node:path/posix";

export interface SourceFile {
  /** Relative to the project, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** Above this a file answers more than one question. */
export const linesMax = 450;

/** Everything that is wrong with a file, each as one sentence that says what to do. */
export function checkSourceFile(file: SourceFile): readonly string[] {
  return rules.flatMap((rule) => rule(file)).map((problem) => `${file.path}: ${problem}`);
}

type Rule = (file: SourceFile) => readonly string[];

const rules: readonly Rule[] = [
  nameIsSnakeCase,
  fileIsShort,
  importsFollowTheLayers,
  packagesStayWhereTheyBelong,
  runtimesStayInTheirFolder,
  federationTouchesNothingOutside,
  modOnlyReexports,
];

type Layer = "node" | "federation" | "adapters" | "root" | "tests" | "scripts";

/** What each layer may import of the others: nothing, only its `mod.ts`, or anything. */
const layers: Readonly<Record<Layer, Readonly<Partial<Record<Layer, "mod" | "all">>>>> = {
  node: { node: "all" },
  federation: { node: "mod", federation: "all" },
  adapters: { node: "mod", federation: "mod", adapters: "all" },
  root: { node: "mod", federation: "mod", adapters: "all" },
  tests: { node: "all", federation: "all", adapters: "all", root: "all", tests: "all", scripts: "all" },
  scripts: { node: "all", federation: "all", adapters: "all", root: "all", tests: "all", scripts: "all" },
};

/**
 * What a store is built on. It may import these by themselves instead of `node/mod.ts`, so that the thread that writes
 * loads a few leaves and not the whole node (20 ms of its start).
 */
const storeFoundations = [
  "node/audience.ts",
  "node/block_head.ts",
  "node/clock.ts",
  "node/errors.ts",
  "node/event.ts",
  "node/event_record.ts",
  "node/event_store.ts",
  "node/id_hash.ts",
  "node/interval_set.ts",
  "node/log_block.ts",
  "node/system_topics.ts",
  "node/topic.ts",
];

/** Where each package may be imported, as beginnings of paths. `tests/` may import any. */
const packages: Readonly<Record<string, readonly string[]>> = {
  valibot: ["node/", "federation/", "adapters/"],
  // The bench measures the door against the bare framework.
  hono: ["adapters/door/http/", "adapters/runtime/", "scripts/bench/"],
  jose: ["adapters/door/http/auth/"],
  "prom-client": ["adapters/telemetry/"],
  "@logtape/logtape": ["adapters/telemetry/"],
  "@logtape/pretty": ["adapters/telemetry/"],
  yaml: ["adapters/config/"],
  "smol-toml": ["adapters/config/"],
  "@valibot/to-json-schema": ["adapters/config/", "adapters/door/http/openapi/"],
  "@nats-io/nats-core": ["adapters/link/nats/"],
};

/** Packages of which only types may be imported, and where. */
const typePackages: Readonly<Record<string, readonly string[]>> = { cloudevents: ["node/"] };

/** What would make `federation/` depend on the machine: time, dice, timers, the network, and maths that runtimes round differently. */
const outsideWorld =
  /\bMath\.(log\w*|exp\w*|sinh?|cosh?|tanh?|asinh?|acosh?|atan\w*|pow|cbrt|random)\b|\bDate\b|\bperformance\b|\b(setTimeout|setInterval|setImmediate|queueMicrotask|fetch)\(|\bcrypto\b/;

function nameIsSnakeCase({ path }: SourceFile): readonly string[] {
  const wrong = path.split("/").find((part) => !/^[a-z0-9]+(_[a-z0-9]+)*(\.d)?(\.(ts|tsx|mjs))?$/.test(part));
  return wrong === undefined ? [] : [`"${wrong}" is not snake_case; name a file after its main export`];
}

function fileIsShort({ text }: SourceFile): readonly string[] {
  const lines = text.trimEnd().split("\n").length;
  return lines <= linesMax ? [] : [`${lines} lines are more than ${linesMax}; give the second noun a file of its own`];
}

function importsFollowTheLayers({ path, text }: SourceFile): readonly string[] {
  const from = layerOf(path);
  return importsOf(text).filter(({ specifier }) => specifier.startsWith(".")).flatMap(({ specifier }) => {
    const target = normalize(join(dirname(path), specifier));
    const to = layerOf(target);
    const allowed = layers[from][to];
    // The version has one home.
    if (target === "package.json") return [];
    if (path.startsWith("adapters/store/") && storeFoundations.includes(target)) return [];
    if (!/\.(ts|tsx|mjs|json)$/.test(target)) return [`import "${specifier}" has no file extension`];
    if (allowed === undefined) return [`${from} imports "${specifier}", but ${from} may not know ${to}`];
    if (from !== to && allowed === "mod" && target !== `${to}/mod.ts`) {
      return [`import "${specifier}" reaches into ${to}; import ${to}/mod.ts, which names what is public`];
    }
    return [];
  });
}

function packagesStayWhereTheyBelong({ path, text }: SourceFile): readonly string[] {
  return importsOf(text).flatMap(({ specifier, typeOnly }) => {
    if (specifier.startsWith(".") || specifier.startsWith("node:")) return [];
    if (/^(npm|jsr|https?):/.test(specifier)) return [`import "${specifier}" names a registry; use the bare name`];
    if (path.startsWith("tests/")) return [];
    const name = specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
    const places = (typeOnly ? typePackages[name] : undefined) ?? packages[name] ?? [];
    return places.some((place) => path.startsWith(place))
      ? []
      : [`package "${name}" may not be imported here; only in: ${places.join(", ") || "tests/"}`];
  });
}

function runtimesStayInTheirFolder({ path, text }: SourceFile): readonly string[] {
  if (["tests", "scripts"].includes(layerOf(path)) || path.startsWith("adapters/runtime/")) return [];
  const [name] = /\b(Bun|Deno)\s*(\.|\[)/.exec(withoutComments(text, { strings: false })) ?? [];
  return name === undefined ? [] : [`"${name}" names a runtime; only adapters/runtime/ may`];
}

function federationTouchesNothingOutside({ path, text }: SourceFile): readonly string[] {
  if (layerOf(path) !== "federation") return [];
  const [found] = outsideWorld.exec(withoutComments(text, { strings: false })) ?? [];
  return found === undefined ? [] : [`"${found}" touches the outside; take it from World (federation/world.ts)`];
}

function modOnlyReexports({ path, text }: SourceFile): readonly string[] {
  if (!path.endsWith("/mod.ts") || ["tests", "scripts"].includes(layerOf(path))) return [];
  const code = withoutComments(text, { strings: true }).replace(/^\s*(export|import)\b[^;]*?("[^"]*");/gm, "");
  return [
    ...text.includes("@module") ? [] : ["mod.ts does not say what its folder is for; add an @module comment"],
    ...code.trim() === "" ? [] : [`mod.ts holds code ("${code.trim().split("\n")[0]}"); it only re-exports`],
  ];
}

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

/** Static and dynamic imports and re-exports whose target is written out. */
function importsOf(text: string): readonly Import[] {
  const code = withoutComments(text, { strings: true });
  const statements = code.matchAll(/^\s*(?:import|export)\b(\s+type\b)?[^;"'`]*?\bfrom\s*"([^"\n]+)"/gm);
  const bare = code.matchAll(/^\s*import\s*"([^"\n]+)"/gm);
  const dynamic = code.matchAll(/\bimport\(\s*"([^"\n]+)"/g);
  return [
    ...[...statements].map(([, type, specifier]) => ({ specifier, typeOnly: type !== undefined })),
    ...[...bare, ...dynamic].map(([, specifier]) => ({ specifier, typeOnly: false })),
  ];
}

/** The code without comments; without `strings`, what stands in quotes is emptied too. */
function withoutComments(text: string, { strings }: { strings: boolean }): string {
  return text.replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g,
    (found) => found.startsWith("/") ? "" : strings ? found : '""',
  );
}

function layerOf(path: string): Layer {
  const [folder] = path.split("/");
  return folder in layers && path.includes("/") ? folder as Layer : "root";
}
