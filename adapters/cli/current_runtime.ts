/** Which runtime this is, for people; what it does differently is the business of `adapters/runtime/`. */

import process from "node:process";

export function currentRuntime(): { readonly name: "bun" | "deno"; readonly version: string } {
  const versions = process.versions as Readonly<Record<string, string | undefined>>;
  const name = versions.deno === undefined ? "bun" : "deno";
  return { name, version: versions[name] ?? "unknown" };
}
