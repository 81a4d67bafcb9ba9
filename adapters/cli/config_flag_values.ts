/** The flags of a command that set configuration, as the configuration wants them. */

import { configFlags, type FlagValues } from "../config/mod.ts";
import type { Arguments } from "./arguments.ts";

export function configFlagValues(args: Arguments): FlagValues {
  const given = configFlags.filter(({ name }) => args.has(name));
  return Object.fromEntries(given.map(({ name }) => [name, args.texts(name)]));
}
