/** `weft version`. */

import process from "node:process";

import { VERSION } from "../../version.ts";
import type { CommandContext } from "../command.ts";
import { printJson, printText } from "../output.ts";

/** JSON: `{"name":"weft","version","runtime","runtimeVersion"}`. */
export async function printVersion(context: CommandContext): Promise<void> {
  const { name: runtime, version: runtimeVersion } = currentRuntime();
  if (context.json) return await printJson(context, { name: "weft", version: VERSION, runtime, runtimeVersion });
  await printText(context, `weft ${VERSION} (${runtime} ${runtimeVersion})`);
}

/** What runs this command. */
export function currentRuntime(): { readonly name: "bun" | "deno"; readonly version: string } {
  const versions = process.versions as Readonly<Record<string, string | undefined>>;
  const name = versions.deno === undefined ? "bun" : "deno";
  return { name, version: versions[name] ?? "unknown" };
}
