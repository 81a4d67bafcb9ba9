/**
 * Puts the binaries of Bun and Deno, which come as optional packages for this platform, where the packages `bun` and
 * `deno` expect them. It does what the install scripts of these two would do, so that no foreign script needs to run.
 *
 * One thing differs: `node_modules/.bin/deno` stays the package's own JavaScript. Its install script points it at the
 * binary, and `deno task` then reads that binary as a script when a task's command begins with `deno`.
 *
 * npm runs this after `npm ci`; it is plain JavaScript because the Node.js at hand may not read TypeScript.
 */

import { existsSync, linkSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const modules = join(dirname(dirname(fileURLToPath(import.meta.url))), "node_modules");

if (process.platform !== "win32") {
  link("@oven", join("bin", "bun"), join("bun", "bin", "bun.exe"));
  link("@oven", join("bin", "bun"), join("bun", "bin", "bunx.exe"));
  link("@deno", "deno", join("deno", "deno"));
  const command = join(modules, ".bin", "deno");
  rmSync(command, { force: true });
  symlinkSync(join("..", "deno", "bin.cjs"), command);
}

function link(scope, file, target) {
  const binary = findBinary(scope, file);
  // The install script of Bun moves the binary out of the platform's package: then there is nothing left to do.
  if (binary === undefined) return;
  const path = join(modules, target);
  // What is in place stays: the runtime that started us may be running from that very file.
  if (existsSync(path) && statSync(path).size === statSync(binary).size) return;
  rmSync(path, { force: true });
  try {
    linkSync(binary, path);
  } catch {
    // Some file systems have no hard links.
    symlinkSync(binary, path);
  }
}

function findBinary(scope, file) {
  const folder = join(modules, scope);
  if (!existsSync(folder)) return undefined;
  return readdirSync(folder).map((name) => join(folder, name, file)).find((path) => existsSync(path));
}
