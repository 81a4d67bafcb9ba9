/**
 * Runs a program of this project on a fresh checkout: installs what package-lock.json names, if it is not there yet, and
 * hands over to the program in the pinned runtime.
 *
 *     bun scripts/setup.ts <program.ts> [args…]
 *     deno run -A scripts/setup.ts <program.ts> [args…]
 *
 * It imports `node:` modules alone, since it runs before anything is installed. On Bun the
 * program is imported into this very process, so it must start when it is imported.
 */

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

import { watchLauncher } from "./launcher.ts";

/** A lock file of npm, and the copy of it that npm leaves in node_modules: packages by their path. */
export interface PackageLock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly optional?: boolean }>>;
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const stampFile = join(modules, ".weft-lock-hash");
const claimFile = join(root, ".weft-setup.lock");

/** Another process that installs is waited for this long; `npm ci` takes seconds, a minute on a slow line. */
const claimTimeoutMs = 300_000;

/** What a program may do on Deno; the scripts of the project itself may do all. `sys` is for the name of the machine. */
export const denoPermissions: Readonly<Record<string, readonly string[]>> = {
  "adapters/cli/main.ts": ["--allow-net", "--allow-read", "--allow-write", "--allow-env", "--allow-sys"],
};

/** Whether what is installed is what the lock names; optional packages may be missing, they are for other platforms. */
export function isInstalled(lock: PackageLock, installed: PackageLock): boolean {
  return Object.entries(lock.packages).every(([path, { version, optional }]) => {
    const found = installed.packages[path];
    return path === "" || (found === undefined ? optional === true : found.version === version);
  });
}

async function main(program: string | undefined, args: readonly string[]): Promise<void> {
  const installedNow = await install();
  if (program === undefined) return;
  const file = resolve(root, program);
  const { runtime, pinned, running } = describeRuntime();
  // Deno grants permissions per process, and a resolver may remember that there was no node_modules: both want a new one.
  if (runtime === "deno" || installedNow || running !== pinned) return runInChild(runtime, program, args);
  watchLauncher(() => process.kill(process.pid, "SIGTERM"));
  process.argv.splice(1, process.argv.length - 1, file, ...args);
  await import(pathToFileURL(file).href);
}

/** Installs what the lock names unless it is there; answers whether it had to. */
async function install(): Promise<boolean> {
  const lockText = readFileSync(join(root, "package-lock.json"), "utf8");
  const stamp = createHash("sha256").update(lockText).digest("hex");
  if (isUpToDate(stamp, lockText)) return false;
  await claim();
  try {
    if (isUpToDate(stamp, lockText)) return true;
    runNpm();
    linkRuntimes();
    writeFileSync(stampFile, stamp);
    return true;
  } finally {
    rmSync(claimFile, { force: true });
  }
}

function isUpToDate(stamp: string, lockText: string): boolean {
  if (readIfThere(stampFile) === stamp) return true;
  // Whoever ran `npm ci` by hand has no stamp: npm's own record tells what is there.
  const record = readIfThere(join(modules, ".package-lock.json"));
  if (record === undefined || !isInstalled(JSON.parse(lockText), JSON.parse(record))) return false;
  linkRuntimes();
  writeFileSync(stampFile, stamp);
  return true;
}

/** Only one process installs at a time; the others wait, and find it done. */
async function claim(): Promise<void> {
  const deadline = performance.now() + claimTimeoutMs;
  let told = false;
  while (!tryClaim()) {
    const holder = Number(readIfThere(claimFile));
    if (performance.now() > deadline || !isAlive(holder)) {
      rmSync(claimFile, { force: true });
      continue;
    }
    if (!told) say(`process ${holder} is installing; waiting for it`);
    told = true;
    await new Promise((done) => setTimeout(done, 200));
  }
}

function tryClaim(): boolean {
  try {
    writeFileSync(claimFile, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  // An empty file was created this instant by a process that has yet to write its number.
  if (pid === 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function runNpm(): void {
  say("installing what package-lock.json names (npm ci); this happens once");
  // Install scripts stay off: nothing foreign runs, and linking does what those of bun and deno would do.
  const options = [
    "--ignore-scripts",
    "--include=dev",
    "--include=optional",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ];
  const onWindows = process.platform === "win32";
  const { status, error } = spawnSync("npm", ["ci", ...options], {
    cwd: root,
    // Standard output belongs to the program; what npm says is chat.
    stdio: ["ignore", 2, 2],
    shell: onWindows,
  });
  if (status === 0) return;
  const state = error ? `npm could not be started (${error.message})` : `npm ci ended with code ${status}`;
  fail(
    `Cannot install into "${modules}": ${state}; see above, check that the package registry can be reached, then retry`,
  );
}

/** The binaries of Bun and Deno come as optional packages; this puts them where commands look for them. */
function linkRuntimes(): void {
  const { status } = spawnSync("node", [join(root, "scripts", "link_runtimes.mjs")], { stdio: ["ignore", 2, 2] });
  if (status !== 0) fail(`Cannot link the runtimes into "${modules}": see above; delete node_modules and retry`);
}

function describeRuntime(): { runtime: "bun" | "deno"; pinned: string; running: string } {
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const versions = process.versions as Record<string, string | undefined>;
  const runtime = versions.deno === undefined ? "bun" : "deno";
  return { runtime, pinned: devDependencies[runtime], running: versions[runtime] ?? "" };
}

function runInChild(runtime: "bun" | "deno", program: string, args: readonly string[]): Promise<void> {
  const options = runtime === "deno" ? ["run", ...denoPermissions[program] ?? ["--allow-all"]] : [];
  const child = spawn(binaryOf(runtime), [...options, resolve(root, program), ...args], { stdio: "inherit" });
  // Not `child.kill()`: on Deno the end of a child counts as killed from then on, whatever its exit code.
  const pass = (signal: NodeJS.Signals) => child.exitCode === null && process.kill(child.pid!, signal);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => pass(signal));
  watchLauncher(() => pass("SIGTERM"));
  return new Promise(() => {
    child.on("error", (error) => fail(`Cannot start "${runtime}": ${error.message}; delete node_modules and retry`));
    child.on("exit", (code, signal) => process.exit(signal === null ? code ?? 1 : 128 + constants.signals[signal]));
  });
}

function binaryOf(runtime: "bun" | "deno"): string {
  return runtime === "bun" ? join(modules, "bun", "bin", "bun.exe") : join(modules, "deno", "deno");
}

function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

function say(text: string): void {
  process.stderr.write(`setup: ${text}\n`);
}

function fail(text: string): never {
  say(text);
  process.exit(1);
}

if (import.meta.main) {
  const [program, ...args] = process.argv.slice(2);
  await main(program, args);
}
