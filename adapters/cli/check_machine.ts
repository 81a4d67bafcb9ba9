/** What a node needs of the machine: runtime, data directory, its lock, disk space. */

import { constants } from "node:fs";
import { access, readFile, statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";

import manifest from "../../package.json" with { type: "json" };
import type { ResolvedConfig } from "../config/mod.ts";
import { DATABASE_FILE, LOCK_FILE, OWNER_FILE } from "../store/sqlite/options.ts";
import { currentRuntime } from "./current_runtime.ts";
import { hasFailed, type HealthCheck, isOk, isSkipped, warnsOf } from "./health_check.ts";
import { toSizeText } from "./humanize.ts";
import { isFile } from "./is_file.ts";

/** With less than this a node cannot even write its checkpoints. */
const DISK_BYTES_MIN = 100 * 1024 * 1024;

export function checkRuntime(): HealthCheck {
  const { name, version } = currentRuntime();
  const wanted = manifest.engines[name];
  const found = `${name} ${version}`;
  if (isAtLeast(version, wanted.replace(/^>=/, ""))) return isOk("runtime", found);
  return hasFailed("runtime", `${found}, but weft needs ${wanted}; start it with npx, which brings the right one`);
}

/** `directory`: what a relative data directory is relative to. */
export async function checkMachine(config: ResolvedConfig, directory: string): Promise<readonly HealthCheck[]> {
  if (config.store.kind !== "sqlite") return [isSkipped("data directory", `the store is ${config.store.kind}`)];
  const dataDir = resolve(directory, config.dataDir);
  return [await checkDirectory(dataDir), await checkLock(dataDir), await checkSpace(dataDir, config.store.maxBytes)];
}

async function checkDirectory(dataDir: string): Promise<HealthCheck> {
  const existing = await nearestExisting(dataDir);
  try {
    await access(existing, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return hasFailed("data directory", `${existing} cannot be written; name another with --data-dir`);
  }
  if (existing !== dataDir) return isOk("data directory", `${dataDir} is not there yet; a node makes it`);
  const has = isFile(join(dataDir, DATABASE_FILE)) ? "has a store" : "has no store yet";
  return isOk("data directory", `${dataDir} ${has}`);
}

async function checkLock(dataDir: string): Promise<HealthCheck> {
  const file = join(dataDir, LOCK_FILE);
  if (!isFile(file)) return isOk("lock", "free");
  if (!isHeld(file)) return isOk("lock", "free");
  const owner = await readFile(join(dataDir, OWNER_FILE), "utf8").catch(() => "");
  return isOk("lock", `held by process ${owner.trim() || "(unknown)"}: a node is using the directory`);
}

/** Looks without taking it: a node that starts at this moment must not be kept out. */
function isHeld(file: string): boolean {
  try {
    using database = new DatabaseSync(file, { readOnly: true });
    database.exec("PRAGMA busy_timeout = 0"); // Deno would wait five seconds
    database.prepare("SELECT count(*) FROM sqlite_schema").get();
    return false;
  } catch {
    return true;
  }
}

async function checkSpace(dataDir: string, bytesMax: number): Promise<HealthCheck> {
  const { bavail, bsize } = await statfs(await nearestExisting(dataDir));
  const free = bavail * bsize;
  const found = `${toSizeText(free)} free`;
  if (free < DISK_BYTES_MIN) return hasFailed("disk space", `${found}; free some, or name a data directory elsewhere`);
  if (free >= bytesMax) return isOk("disk space", found);
  const way = "the disk may be full before the store is; lower store.maxBytes or free some";
  return warnsOf("disk space", `${found}, but store.maxBytes is ${toSizeText(bytesMax)}: ${way}`);
}

async function nearestExisting(path: string): Promise<string> {
  for (let current = path;; current = dirname(current)) {
    const found = await access(current).then(() => true, () => false);
    if (found || dirname(current) === current) return current;
  }
}

function isAtLeast(version: string, least: string): boolean {
  const toParts = (text: string) => text.split(/[.+-]/).map(Number);
  const [have, want] = [toParts(version), toParts(least)];
  for (let i = 0; i < want.length; i++) {
    if (have[i] !== want[i]) return have[i] > want[i];
  }
  return true;
}
