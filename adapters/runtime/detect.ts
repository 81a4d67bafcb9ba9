/** Finds out what runs us, and loads only that runtime's file. */

import type { Runtime } from "./runtime.ts";

/** Throws when it is neither Bun nor Deno. */
export async function detectRuntime(): Promise<Runtime> {
  if ("Bun" in globalThis) return (await import("./bun.ts")).bunRuntime;
  if ("Deno" in globalThis) return (await import("./deno.ts")).denoRuntime;
  throw new Error("Cannot run here: Weft needs Bun or Deno; start it with `npx bun run node` or `npx deno task node`");
}
