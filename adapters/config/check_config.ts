/** From the merged tree to a configuration, or to everything that is wrong with it. */

import * as v from "valibot";

import { ConfigError, type ConfigProblem } from "./config_error.ts";
import { ConfigSchema } from "./config_schema.ts";
import { findLayer, type Layer, mergeLayers } from "./layer.ts";
import { nearest } from "./nearest.ts";
import type { ResolvedConfig } from "./resolved_config.ts";
import { isSecretPath } from "./settings.ts";

/** Later layers win. Throws `ConfigError` with every problem found. */
export function checkConfig(layers: readonly Layer[]): ResolvedConfig {
  const result = v.safeParse(ConfigSchema, mergeLayers(layers));
  if (!result.success) throw new ConfigError(result.issues.map((issue) => toProblem(issue, layers)));
  const { $schema: _, ...config } = result.output;
  return config;
}

/** Where a setting was written: `weft.yaml:3:5`, `WEFT_HTTP__PORT`, `--port`; `default` when nobody wrote it. */
export function locate(layers: readonly Layer[], path: string): string {
  const layer = findLayer(layers, path);
  return layer?.locate(path) ?? layer?.source ?? "default";
}

function toProblem(issue: v.BaseIssue<unknown>, layers: readonly Layer[]): ConfigProblem {
  const path = pathOf(issue);
  return { path, where: locate(layers, path), detail: `${path}: ${describe(issue)}` };
}

function describe(issue: v.BaseIssue<unknown>): string {
  if (issue.type === "strict_object" && issue.expected === "never") return describeUnknownKey(issue);
  if (issue.type === "strict_object" && issue.received === "undefined") return "is missing";
  if (issue.type === "strict_object") return `must hold settings, not ${issue.received}`;
  if (issue.input === undefined || typeof issue.input === "object") return issue.message;
  // The value of a secret must not end in a log, nor user and password of an address.
  const hidden = isSecretPath(pathOf(issue)) || String(issue.input).includes("@");
  return hidden ? issue.message : `${JSON.stringify(issue.input)} ${issue.message}`;
}

function describeUnknownKey(issue: v.BaseIssue<unknown>): string {
  const parent = pathOf(issue).replace(/\.?[^.]*$/, "");
  const known = Object.keys(entriesAt(issue));
  const key = String(issue.path?.at(-1)?.key);
  const guess = nearest(key, known);
  const place = parent === "" ? "the configuration" : parent;
  if (guess !== undefined) return `${place} has no setting "${key}"; did you mean "${guess}"?`;
  return `${place} has no setting "${key}"; there is: ${known.filter((name) => name !== "$schema").join(", ")}`;
}

/** The keys that would have been good where the unknown one stands. */
function entriesAt(issue: v.BaseIssue<unknown>): Readonly<Record<string, unknown>> {
  let schema = ConfigSchema as unknown as AnySchema;
  for (const { key } of issue.path!.slice(0, -1)) {
    while (schema.wrapped !== undefined) schema = schema.wrapped;
    schema = (typeof key === "number" ? schema.item : schema.entries?.[String(key)]) ?? { entries: {} };
  }
  while (schema.wrapped !== undefined) schema = schema.wrapped;
  return schema.entries ?? {};
}

interface AnySchema {
  readonly wrapped?: AnySchema;
  readonly item?: AnySchema;
  readonly entries?: Readonly<Record<string, AnySchema>>;
}

function pathOf(issue: v.BaseIssue<unknown>): string {
  return (issue.path ?? []).reduce(
    (path, { key }) => typeof key === "number" ? `${path}[${key}]` : path === "" ? String(key) : `${path}.${key}`,
    "",
  );
}
