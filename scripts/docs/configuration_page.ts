/** `docs/configuration.md`: every setting, from the schema of the configuration. */

import { configFlags, configJsonSchema, environmentName, type Setting, settings } from "../../adapters/config/mod.ts";
import { warnOfIneffective } from "../../adapters/config/ineffective.ts";
import { treeOf } from "../../adapters/config/layer.ts";
import { code, generatedFrom, table } from "./markdown.ts";

/** The parts of JSON Schema that the configuration's schema uses. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

export async function renderConfigurationPage(): Promise<string> {
  const schema = await configJsonSchema() as Schema;
  const sections = [...new Set(settings.map(({ path }) => path.split(".")[0]))];
  return `${HEAD}\n${sections.map((name) => renderSection(name, schema)).join("\n")}\n${renderFlags()}`;
}

function renderSection(name: string, schema: Schema): string {
  const own = settings.filter(({ path }) => path.split(".")[0] === name);
  const { description } = schema.properties![name];
  const lead = own.length === 1 && own[0].path === name ? "" : `${description}\n\n`;
  const rows = own.map((setting) => renderSetting(setting, findSchema(schema, setting.path)));
  const head = ["setting", "environment, flag", "kind", "default", "effect"];
  const lists = own.map(({ path }) => renderItems(path, findSchema(schema, path))).filter((text) => text !== "");
  return [`## ${name}\n\n${lead}${table(head, rows)}\n`, ...lists].join("\n");
}

function renderSetting(setting: Setting, schema: Schema): readonly string[] {
  const flag = configFlags.find(({ path }) => path === setting.path);
  const names = [code(environmentName(setting.path)), flag === undefined ? "" : code(`--${flag.name}`)];
  return [
    code(setting.path),
    names.filter((name) => name !== "").join(" "),
    toKind(setting, schema),
    toDefault(setting),
    toEffect(setting),
  ];
}

/** The members of a list's items, as a table of their own. */
function renderItems(path: string, { items }: Schema): string {
  if (items?.properties === undefined) return "";
  const rows = Object.entries(items.properties).map(([key, member]) => [
    code(key),
    toItemKind(member),
    items.required?.includes(key) ? "yes" : "",
    member.description ?? "",
  ]);
  return `Each entry of \`${path}\`:\n\n${table(["member", "kind", "required", "effect"], rows)}\n`;
}

const KINDS: Readonly<Record<Setting["kind"], string>> = {
  text: "text",
  integer: "number",
  boolean: "boolean",
  bytes: "size",
  duration: "duration",
  texts: "list of texts",
  json: "list",
};

function toKind({ kind }: Setting, schema: Schema): string {
  return schema.enum === undefined ? KINDS[kind] : toChoice(schema.enum);
}

function toItemKind({ type, enum: choices, items, anyOf }: Schema): string {
  if (choices !== undefined) return toChoice(choices);
  const word = anyOf?.find((schema) => schema.enum !== undefined);
  if (word !== undefined) return `number, or ${toItemKind(word)}`;
  // Sizes and durations are numbers or texts, so they have no one type.
  if (type === undefined) return "number, or text with a unit";
  return items === undefined ? type.replace("string", "text").replace("integer", "number") : "list of texts";
}

function toChoice(choices: readonly unknown[]): string {
  return choices.map((choice) => code(String(choice))).join(", ");
}

const UNITS = [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"]] as const;

function toDefault({ kind, fallback }: Setting): string {
  if (fallback === undefined) return "";
  if (Array.isArray(fallback)) return fallback.length === 0 ? "none" : code(fallback.join(","));
  const unit = kind === "bytes" ? UNITS.find(([size]) => Number(fallback) % size === 0) : undefined;
  return code(unit === undefined ? String(fallback) : `${Number(fallback) / unit[0]}${unit[1]}`);
}

function toEffect({ path, description }: Setting): string {
  const [warning] = warnOfIneffective([{ source: "", values: treeOf(path, ""), locate: () => undefined }]);
  const missing = warning?.match(/this version is without .*/)?.[0];
  return missing === undefined ? description : `${description} *No effect yet: ${missing}.*`;
}

function findSchema(schema: Schema, path: string): Schema {
  return path.split(".").reduce((at, key) => at.properties![key], schema);
}

function renderFlags(): string {
  const rows = configFlags.filter(({ path }) => path === undefined)
    .map(({ name, value, summary }) => [code(`--${name} ${value}`), summary]);
  return `## Flags that are no setting\n\n${table(["flag", "effect"], rows)}\n`;
}

const HEAD = `${generatedFrom("adapters/config/config_schema.ts")}
# Configuration

Sources, weakest first: defaults, a file, the environment, flags. The file is \`--config\`, else \`WEFT_CONFIG\`, else the first of
\`weft.yaml\`, \`weft.yml\`, \`weft.toml\`, \`weft.json\` in the working directory. \`weft config show\` prints what holds and who said
so, \`weft config validate FILE\` checks a file. An unknown setting is refused, and the nearest known one named.

\`\`\`yaml
# yaml-language-server: $schema=docs/weft.schema.json
node: { id: paris-1 }
http: { port: 7700 }
store: { maxBytes: 20GiB }
retention:
  - { pattern: "metrics.>", maxAge: 1h }
  - { pattern: ">", maxAge: 7d }
\`\`\`

- Environment: \`WEFT_\` and the path in upper case; \`__\` between levels, \`_\` between words. An empty variable counts as not set.
- *size*: bytes, or text such as \`10GiB\`, \`1.5MB\` (\`KiB\` is 1024, \`kB\` 1000). *duration*: milliseconds, or text such as \`250ms\`,
  \`30s\`, \`10min\`, \`6h\`, \`7d\`.
- *list of texts*: separated by commas in the environment and in flags. *list*: as JSON there.
- Any setting without a flag of its own is \`--set PATH=VALUE\`.
- The client side of \`weft\` reads \`WEFT_URL\`, \`WEFT_TOKEN\`, and \`WEFT_CA\` for a node whose certificate comes from an
  authority of your own.
`;
