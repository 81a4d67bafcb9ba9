/** TOML. */

import { parse, TomlError } from "smol-toml";

import { ConfigError } from "./config_error.ts";
import { toLayer } from "./file_layer.ts";
import type { Layer } from "./layer.ts";

/** Throws `ConfigError` with the place of the mistake. */
export function parseToml(text: string, name: string): Layer {
  try {
    return toLayer(parse(text), name, (path) => locateInToml(text, path, name));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const detail = error.message.split("\n")[0];
    throw new ConfigError([{ path: "", where: `${name}:${error.line}:${error.column}`, detail }], { cause: error });
  }
}

/** The parser keeps no places, so the key is looked for below the header of its table; `undefined` when in doubt. */
function locateInToml(text: string, path: string, name: string): string | undefined {
  let table = "";
  for (const [index, line] of text.split("\n").entries()) {
    const header = /^\s*\[\[?\s*([\w.-]+)\s*\]?\]/.exec(line);
    if (header !== null) table = `${header[1]}.`;
    const key = header === null ? /^\s*([\w.-]+)\s*=/.exec(line)?.[1] : undefined;
    const here = header === null ? `${table}${key}` : header[1];
    if (here === path) return `${name}:${index + 1}:${line.search(/\S/) + 1}`;
  }
  return undefined;
}
