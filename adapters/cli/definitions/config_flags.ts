/** The configuration's flags as flags of commands; loading them loads the whole schema, so only who needs them does. */

import type { FlagSpec } from "../command.ts";

export async function configFlagSpecs(): Promise<readonly FlagSpec[]> {
  const { configFlags } = await import("../../config/mod.ts");
  return configFlags.map(({ name, value, summary, repeatable }) => ({
    name,
    kind: "text",
    value,
    summary,
    repeatable,
  }));
}
