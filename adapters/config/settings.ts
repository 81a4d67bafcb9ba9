/** The settings as a list of paths, read from the schema: what environment, flags and `config show` go by. */

import * as v from "valibot";

import { ConfigSchema } from "./config_schema.ts";
import type { ValueKind } from "./value_types.ts";

export interface Setting {
  /** Levels joined by dots: `http.port`. */
  readonly path: string;
  readonly kind: ValueKind;
  readonly description: string;
  /** As written in the schema; `undefined` when there is none. */
  readonly fallback: unknown;
}

/** Every setting that holds a value, in the order of the schema. */
export const settings: readonly Setting[] = listSettings(ConfigSchema as unknown as AnySchema, "", undefined);

const byPath = new Map(settings.map((setting) => [setting.path, setting]));

export function findSetting(path: string): Setting | undefined {
  return byPath.get(path);
}

/** `WEFT_` + the path in upper case, levels joined by `__`, camel-case words by `_`. */
export function environmentName(path: string): string {
  const levels = path.split(".").map((level) => level.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase());
  return `WEFT_${levels.join("__")}`;
}

/** Whether a value at this path must not be shown; list items are asked by their keys. */
export function isSecretPath(path: string): boolean {
  return secretPaths.has(path.replace(/\[\d+\]/g, "[]"));
}

interface AnySchema {
  readonly type: string;
  readonly wrapped?: AnySchema;
  readonly default?: unknown;
  readonly entries?: Readonly<Record<string, AnySchema>>;
  readonly item?: AnySchema;
}

function listSettings(schema: AnySchema, path: string, fallback: unknown): readonly Setting[] {
  if (schema.type === "optional") return listSettings(schema.wrapped!, path, schema.default);
  if (schema.entries !== undefined) {
    return Object.entries(schema.entries).filter(([key]) => key !== "$schema")
      .flatMap(([key, entry]) => listSettings(entry, path === "" ? key : `${path}.${key}`, undefined));
  }
  const generic = schema as unknown as v.GenericSchema;
  const { kind = "text" } = v.getMetadata(generic) as { kind?: ValueKind };
  return [{ path, kind, description: v.getDescription(generic) ?? "", fallback }];
}

function listSecrets(schema: AnySchema, path: string): readonly string[] {
  if (schema.type === "optional") return listSecrets(schema.wrapped!, path);
  if (schema.item !== undefined) return listSecrets(schema.item, `${path}[]`);
  if (schema.entries !== undefined) {
    return Object.entries(schema.entries).flatMap(([key, entry]) =>
      listSecrets(entry, path === "" ? key : `${path}.${key}`)
    );
  }
  return v.getMetadata(schema as unknown as v.GenericSchema).secret === true ? [path] : [];
}

const secretPaths = new Set(listSecrets(ConfigSchema as unknown as AnySchema, ""));
