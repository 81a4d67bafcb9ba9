/** The effective configuration for people: each value with its source, secrets masked. */

import { locate } from "./check_config.ts";
import type { LoadedConfig } from "./load_config.ts";
import { isSecretPath } from "./settings.ts";

export interface ShownSetting {
  readonly path: string;
  readonly value: unknown;
  /** `default`, or where it was written: `weft.yaml:3:5`, `WEFT_HTTP__PORT`, `--port`. */
  readonly source: string;
}

export const masked = "********";

/** One entry a value, in the order of the schema; empty lists are values. */
export function showConfig({ config, layers }: LoadedConfig): readonly ShownSetting[] {
  return flatten(maskSecrets(config, ""), "").map(([path, value]) => ({
    path,
    value,
    source: locate(layers, path.replace(/\bmaxAgeMs$/, "maxAge")),
  }));
}

/** The same tree with every secret replaced, user and password of a URL too. */
export function maskSecrets(value: unknown, path: string): unknown {
  if (isSecretPath(path) && value !== undefined) return masked;
  if (typeof value === "string") return value.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, `$1${masked}@`);
  if (Array.isArray(value)) return value.map((item, index) => maskSecrets(item, `${path}[${index}]`));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, maskSecrets(inner, path === "" ? key : `${path}.${key}`)]),
  );
}

function flatten(value: unknown, path: string): readonly (readonly [path: string, value: unknown])[] {
  if (value === undefined) return [];
  if (typeof value !== "object" || value === null) return [[path, value]];
  if (Array.isArray(value)) {
    const plain = value.every((item) => typeof item !== "object");
    return plain ? [[path, value]] : value.flatMap((item, index) => flatten(item, `${path}[${index}]`));
  }
  return Object.entries(value).flatMap(([key, inner]) => flatten(inner, path === "" ? key : `${path}.${key}`));
}
