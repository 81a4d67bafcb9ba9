/** Gathers the configuration from all its sources. */

import { isAbsolute, join, relative } from "node:path";

import { checkConfig } from "./check_config.ts";
import { ConfigError } from "./config_error.ts";
import { findExposure } from "./exposure.ts";
import { type FlagValues, readFlags } from "./flags.ts";
import { warnOfHiddenRules } from "./hidden_rules.ts";
import { warnOfIneffective } from "./ineffective.ts";
import type { ConfigTree, Layer } from "./layer.ts";
import { dataDirOfPorts } from "./ports_shorthand.ts";
import { findConfigFile, readConfigFile } from "./read_config_file.ts";
import { type Environment, readEnvironment } from "./read_environment.ts";
import type { ResolvedConfig } from "./resolved_config.ts";

export interface LoadOptions {
  readonly flags?: FlagValues;
  readonly environment?: Environment;
  /** Where the file is looked for, and what relative names of it mean. */
  readonly directory: string;
}

export interface LoadedConfig {
  readonly config: ResolvedConfig;
  /** Who said what, weakest first. */
  readonly layers: readonly Layer[];
  /** For people, at start: what was set and has no effect. */
  readonly warnings: readonly string[];
  /** The file that was read. */
  readonly file: string | undefined;
}

/** Sources, weakest first: defaults, file, environment, flags. Rejects with `ConfigError` with everything that is wrong. */
export async function loadConfig({ flags = {}, environment = {}, directory }: LoadOptions): Promise<LoadedConfig> {
  const file = chooseFile(flags, environment, directory);
  const environmentLayer = readEnvironment(environment);
  const layers: readonly Layer[] = [
    ...portsLayer(flags.ports?.at(-1) ?? environment.WEFT_PORTS),
    ...file === undefined ? [] : [await readConfigFile(file, nameOf(file, directory))],
    environmentLayer,
    readFlags(flags),
  ];
  const config = checkConfig(layers);
  const exposure = findExposure(config, layers);
  if (exposure.length > 0) throw new ConfigError(exposure);
  const warnings = [
    ...environmentLayer.warnings,
    ...warnOfIneffective(layers),
    ...warnOfHiddenRules(config, layers),
  ];
  return { config, layers, warnings, file };
}

/** Settings that a program hands over, with nothing else read. Throws `ConfigError` with everything that is wrong. */
export function checkSettings(values: ConfigTree): ResolvedConfig {
  const layers: readonly Layer[] = [{ source: "settings", values, locate: () => undefined }];
  const config = checkConfig(layers);
  const exposure = findExposure(config, layers);
  if (exposure.length > 0) throw new ConfigError(exposure);
  return config;
}

/** Checks one file by itself: no environment, no flags. Rejects with `ConfigError`. */
export function validateConfigFile(file: string, directory: string): Promise<LoadedConfig> {
  return loadConfig({ flags: { config: [file] }, directory });
}

function chooseFile(flags: FlagValues, environment: Environment, directory: string): string | undefined {
  const named = flags.config?.at(-1) ?? (environment.WEFT_CONFIG || undefined);
  if (named === undefined) return findConfigFile(directory);
  return isAbsolute(named) ? named : join(directory, named);
}

/** The data directory that comes with the port shorthand is weaker than one that anybody names. */
function portsLayer(ports: string | undefined): readonly Layer[] {
  const dataDir = ports === undefined || ports === "" ? undefined : dataDirOfPorts(ports);
  if (dataDir === undefined) return [];
  return [{ source: "--ports", values: { dataDir }, locate: () => "--ports" }];
}

function nameOf(file: string, directory: string): string {
  const short = relative(directory, file);
  return short.startsWith("..") ? file : short;
}
