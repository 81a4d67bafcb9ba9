/** A configuration file as a layer: YAML, TOML or JSON, with the place of each key. */

import { existsSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";

import { ConfigError } from "./config_error.ts";
import type { Layer } from "./layer.ts";

/** Names that are looked for in the working directory when none is given. */
export const configFileNames = ["weft.yaml", "weft.yml", "weft.toml", "weft.json"];

/** Larger is no configuration; the bound keeps a mistaken path from filling the memory. */
const fileBytesMax = 4 * 1024 * 1024;

/** The file in that directory that is read when none is named; throws `ConfigError` when there are several. */
export function findConfigFile(directory: string): string | undefined {
  const found = configFileNames.filter((name) => existsSync(join(directory, name)));
  if (found.length > 1) {
    const detail = `there are ${found.join(" and ")}: keep one, or name it with --config`;
    throw new ConfigError([{ path: "", where: directory, detail }]);
  }
  return found.length === 0 ? undefined : join(directory, found[0]);
}

/** Throws `ConfigError` when the file cannot be read or is not well-formed. `name` is how messages call it. */
export async function readConfigFile(file: string, name: string = file): Promise<Layer> {
  const text = readText(file, name);
  return await parseConfigText(text, { name, format: extname(file).slice(1).toLowerCase() });
}

/** Each parser is loaded when it is used: a node that has no such file does not wait for it at start. */
async function parseConfigText(text: string, { name, format }: { name: string; format: string }): Promise<Layer> {
  switch (format) {
    case "yaml":
    case "yml":
      return (await import("./parse_yaml.ts")).parseYaml(text, name);
    case "json":
      checkJson(text, name);
      // JSON is YAML, whose parser knows where each key stands.
      return (await import("./parse_yaml.ts")).parseYaml(text, name);
    case "toml":
      return (await import("./parse_toml.ts")).parseToml(text, name);
    default: {
      const detail = `its name ends in "${format}": give it the ending .yaml, .yml, .toml or .json`;
      throw new ConfigError([{ path: "", where: name, detail }]);
    }
  }
}

function readText(file: string, name: string): string {
  try {
    const bytes = readFileSync(file);
    if (bytes.length <= fileBytesMax) return bytes.toString("utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    const detail = `cannot be read: ${(error as Error).message}`;
    throw new ConfigError([{ path: "", where: name, detail }], { cause: error });
  }
  throw new ConfigError([{ path: "", where: name, detail: `is larger than ${fileBytesMax} bytes: name another file` }]);
}

function checkJson(text: string, name: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    throw new ConfigError([{ path: "", where: name, detail: (error as Error).message }], { cause: error });
  }
}
