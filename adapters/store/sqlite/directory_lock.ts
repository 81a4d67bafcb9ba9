/** One process to a data directory: a lock of the operating system, so that a killed process never leaves it behind. */

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";

import { StoreOpenError } from "../../../node/errors.ts";
import { LOCK_FILE, OWNER_FILE } from "./options.ts";
import { isLocked, messageOf } from "./sqlite_errors.ts";

/**
 * Held from construction until `release()` or the end of the process. SQLite takes the lock (`fcntl` or `LockFileEx`), for
 * neither runtime offers file locks of its own; the database that is locked stays empty.
 */
export class DirectoryLock {
  readonly #database: DatabaseSync;
  readonly #ownerFile: string;

  /** Throws `StoreOpenError`, naming the process that holds the directory. */
  constructor(dataDir: string) {
    this.#ownerFile = join(dataDir, OWNER_FILE);
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(join(dataDir, LOCK_FILE));
      database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    } catch (error) {
      database?.close();
      throw lockError(dataDir, this.#ownerFile, error);
    }
    this.#database = database;
    try {
      writeFileSync(this.#ownerFile, `${process.pid}\n`);
    } catch {
      // Only a name for people: the lock holds without it, and a full disk shall not keep a node from starting to drain.
    }
  }

  release(): void {
    rmSync(this.#ownerFile, { force: true });
    this.#database.close();
  }
}

function lockError(dataDir: string, ownerFile: string, error: unknown): StoreOpenError {
  const because = isLocked(error)
    ? `process ${ownerOf(ownerFile)} is using it; stop that process, or give this node another data directory`
    : `it cannot be locked (${messageOf(error)}); the directory must be writable and on a disk that knows file locks`;
  return new StoreOpenError(`Cannot open store "${dataDir}": ${because}`, { cause: error });
}

function ownerOf(ownerFile: string): string {
  try {
    return readFileSync(ownerFile, "utf8").trim() || "(unknown)";
  } catch {
    return "(unknown)"; // it has just started, or is about to end
  }
}
