/** The tables of the database, and how files of older versions come to have them. */

import type { DatabaseSync } from "node:sqlite";

import { DamagedBlockError } from "../../../node/block_head.ts";
import { LogBlock } from "../../../node/log_block.ts";

/** "WEFT" in the header of the file, so that another program's database is never taken for ours. */
const APPLICATION_ID = 0x57454654;

/**
 * Step n brings a file of version n to version n + 1; a step that was released is never changed.
 *
 * `block` is the log, a row per commit and origin (or per frame): see `node/log_block.ts` for its bytes. `rules` counts
 * the events of the block per retention rule.
 */
const STEPS: readonly string[] = [
  `CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
   CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
   CREATE TABLE block (
     position INTEGER PRIMARY KEY,
     last INTEGER NOT NULL,
     events INTEGER NOT NULL,
     wall REAL NOT NULL,
     age REAL NOT NULL,
     rules BLOB NOT NULL,
     head BLOB NOT NULL,
     body BLOB NOT NULL
   );`,
];

export const SCHEMA_VERSION = STEPS.length;

/** Says why a file cannot be used; the message ends with what to do. */
export class SchemaError extends Error {
  override readonly name = "SchemaError";
}

/** Creates the tables or brings them up to date, in one transaction. Answers whether the file was new. */
export function migrate(database: DatabaseSync): "created" | "reopened" {
  const version = pragma(database, "user_version");
  const owner = pragma(database, "application_id");
  if (version === 0 && owner === 0 && pragma(database, "page_count") > 1) {
    throw new SchemaError("it belongs to another program");
  }
  if (version > 0 && owner !== APPLICATION_ID) throw new SchemaError("it belongs to another program");
  if (version > SCHEMA_VERSION) {
    throw new SchemaError(
      `its format ${version} is newer than ${SCHEMA_VERSION}, the newest that this version knows; ` +
        "start the version of Weft that wrote it, or a later one",
    );
  }
  if (version === SCHEMA_VERSION) return "reopened";
  database.exec("BEGIN IMMEDIATE");
  for (const step of STEPS.slice(version)) database.exec(step);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
  return version === 0 ? "created" : "reopened";
}

/** Files up to this size are checked whole when they are opened (some 50 ms); larger ones where they are read. */
const CHECK_BYTES_MAX = 64 * 1024 * 1024;

/** Throws if the file is damaged: its structure, as far as it is small enough to look at all of it, and its newest block. */
export function assertSound(database: DatabaseSync): void {
  if (pragma(database, "page_count") * pragma(database, "page_size") <= CHECK_BYTES_MAX) {
    const [check] = database.prepare("PRAGMA quick_check(1)").all() as unknown as { quick_check: string }[];
    if (check.quick_check !== "ok") throw new DamagedBlockError(check.quick_check);
  }
  const newest = database.prepare("SELECT head, body FROM block ORDER BY position DESC LIMIT 1").get();
  if (newest !== undefined) new LogBlock(newest.head as Uint8Array, newest.body as Uint8Array);
}

/** The value of a PRAGMA that answers one number. */
export function pragma(database: DatabaseSync, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get() as Record<string, number>;
  return Object.values(row)[0];
}
