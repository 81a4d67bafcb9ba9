/** Copies of a store: made while it is in use, and put back. */

import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { StoreFailedError, StoreOpenError } from "../../../node/errors.ts";
import { DirectoryLock } from "./directory_lock.ts";
import { writeMeta } from "./meta.ts";
import { DATABASE_FILE } from "./options.ts";
import { assertSound, migrate } from "./schema.ts";
import { messageOf } from "./sqlite_errors.ts";

/** How often progress is told, in ms. */
const PROGRESS_MS = 100;

export interface BackupOptions {
  readonly source: string;
  readonly target: string;
  /** About how large the copy gets. */
  readonly bytes: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Copies the database as it is at one moment, in a thread of its own. The target is there whole or not at all.
 *
 * VACUUM INTO, not SQLite's backup API: that one begins again whenever another connection writes, so beside a busy writer
 * it would not end; this one reads one snapshot, holds no writer up, and leaves out free pages. While it reads, the
 * write-ahead log keeps all that is written, beyond the cap if need be; it is cut again afterwards.
 */
export async function backupDatabase({ source, target, bytes, onProgress }: BackupOptions): Promise<void> {
  const partial = `${resolve(target)}.partial`;
  if (existsSync(target)) throw new StoreFailedError(`Cannot back up to "${target}": the file exists; name a new one`);
  rmSync(partial, { force: true });
  const progress = setInterval(() => {
    const done = statSync(partial, { throwIfNoEntry: false })?.size ?? 0;
    onProgress?.(Math.min(done, bytes), bytes);
  }, PROGRESS_MS);
  try {
    await vacuumInto(source, partial);
    publish(partial, resolve(target));
    onProgress?.(bytes, bytes);
  } catch (error) {
    rmSync(partial, { force: true });
    throw new StoreFailedError(`Cannot back up to "${target}": ${messageOf(error)}`, { cause: error });
  } finally {
    clearInterval(progress);
  }
}

/**
 * Makes the store of a data directory out of a backup. The next opening answers `restored` and mints an epoch above those
 * that the original can have used since, for what came after the backup will be published and delivered again.
 *
 * Throws `StoreOpenError` if the directory has a store already, or if the file is no sound backup.
 */
export function restoreSqlite(file: string, dataDir: string): void {
  if (!existsSync(file)) throw new StoreOpenError(`Cannot restore "${file}": there is no such file; name a backup`);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = new DirectoryLock(dataDir);
  const target = join(resolve(dataDir), DATABASE_FILE);
  const partial = `${target}.partial`;
  try {
    if (existsSync(target)) {
      throw new StoreOpenError(`Cannot restore to "${dataDir}": it holds a store already; move that away first`);
    }
    copyFileSync(file, partial);
    markRestored(partial, file);
    for (const suffix of ["-wal", "-shm"]) rmSync(target + suffix, { force: true }); // of a store that was moved away
    publish(partial, target);
  } finally {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(partial + suffix, { force: true });
    lock.release();
  }
}

function markRestored(copy: string, file: string): void {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(copy);
    if (migrate(database) === "created") throw new Error("it is empty");
    assertSound(database);
    writeMeta(database, "restored", "1");
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (error) {
    const message = `Cannot restore "${file}": it is no sound backup (${messageOf(error)}); use another one`;
    throw new StoreOpenError(message, { cause: error });
  } finally {
    database?.close();
  }
}

function vacuumInto(source: string, target: string): Promise<void> {
  const worker = new Worker(new URL("./backup_worker.ts", import.meta.url), { type: "module" });
  const done = new Promise<void>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<{ error?: string }>) =>
      data.error === undefined ? resolve() : reject(new Error(data.error));
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    worker.postMessage({ source, target });
  });
  return done.finally(() => worker.terminate());
}

/** Gives a finished file its name, durably. */
function publish(partial: string, target: string): void {
  syncPath(partial);
  renameSync(partial, target);
  syncPath(dirname(target));
}

function syncPath(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
