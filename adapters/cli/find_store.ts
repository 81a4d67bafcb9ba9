/** Which data directory a command is about. */

import { resolve } from "node:path";

import { loadConfig } from "../config/mod.ts";
import type { CommandContext } from "./command.ts";
import { configFlagValues } from "./config_flag_values.ts";
import { CommandError, ExitCode } from "./exit_codes.ts";

/** The directory that a node started with the same flags, file and environment would use. Its store must be the embedded one. */
export async function findStore({ args, terminal }: CommandContext): Promise<string> {
  const { environment, directory } = terminal;
  const { config } = await loadConfig({ flags: configFlagValues(args), environment, directory });
  if (config.store.kind !== "sqlite") {
    const state = `it is kept by "${config.store.kind}"; only the embedded store (sqlite) has files to copy`;
    throw new CommandError(ExitCode.failed, `Cannot copy the store: ${state}`);
  }
  return resolve(directory, config.dataDir);
}
