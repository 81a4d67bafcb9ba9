/** `weft version`. */

import { VERSION } from "../../version.ts";
import type { CommandContext } from "../command.ts";
import { currentRuntime } from "../current_runtime.ts";
import { printJson, printText } from "../output.ts";

/** JSON: `{"name":"weft","version","runtime","runtimeVersion"}`. */
export async function printVersion(context: CommandContext): Promise<void> {
  const { name: runtime, version: runtimeVersion } = currentRuntime();
  if (context.json) return await printJson(context, { name: "weft", version: VERSION, runtime, runtimeVersion });
  await printText(context, `weft ${VERSION} (${runtime} ${runtimeVersion})`);
}
