/** Builds a client in another language once for each state of its sources, outside of the repository's own files. */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const CLIENTS = dirname(fileURLToPath(import.meta.url));
const CACHE = join(CLIENTS, "..", "..", "..", "node_modules", ".cache", "weft-e2e");

/** Downloads included; the limit of a whole test file is above it. */
export const BUILD_TIMEOUT_MS = 240_000;

export interface ClientBuild {
  /** Folder of the sources in `tests/e2e/clients/`. */
  readonly language: string;
  /** Run one after the other in a copy of the sources. */
  readonly commands: readonly (readonly string[])[];
}

/** The folder with what was built. Throws with what a command wrote when it fails. */
export function buildClient({ language, commands }: ClientBuild): string {
  const sources = join(CLIENTS, language);
  const folder = join(CACHE, `${language}-${fingerprint(sources, commands)}`);
  if (existsSync(folder)) return folder;
  const building = `${folder}.${process.pid}`;
  mkdirSync(building, { recursive: true });
  cpSync(sources, building, { recursive: true });
  try {
    for (const [command, ...args] of commands) runOrThrow(command, args, building);
    renameSync(building, folder);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
  return folder;
}

/** Runs a client that was built; what it wrote to standard output. Throws when it fails. */
export function runOrThrow(command: string, args: readonly string[], cwd: string): string {
  const options = { cwd, encoding: "utf8", timeout: BUILD_TIMEOUT_MS } as const;
  const { status, error, stdout, stderr } = spawnSync(command, args, options);
  if (status === 0) return stdout;
  throw new Error(`Cannot run "${command}": it ended with ${error?.message ?? status}; it wrote: ${stdout}${stderr}`);
}

/** Why a toolchain cannot be used, as the end of a test's title; `undefined` when it can. */
export function toolchainAbsence(...commands: readonly (readonly string[])[]): string | undefined {
  const missing = commands.find(([command, ...args]) => spawnSync(command, args, { timeout: 60_000 }).status !== 0);
  return missing === undefined ? undefined : ` (${missing[0]} is not installed)`;
}

function fingerprint(sources: string, commands: ClientBuild["commands"]): string {
  const hash = createHash("sha256").update(JSON.stringify(commands));
  for (const name of readdirSync(sources).sort()) hash.update(name).update(readFileSync(join(sources, name)));
  return hash.digest("hex").slice(0, 16);
}
