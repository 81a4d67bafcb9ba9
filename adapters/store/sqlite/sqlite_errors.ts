/** Tells SQLite's errors apart by their text: `errcode` is there on one runtime only for some of them. */

import { DamagedBlockError } from "../../../node/block_head.ts";

/** The disk, or the page limit, has no room. SQLITE_FULL; the shared-memory file could not grow. */
export function isDiskFull(error: unknown): boolean {
  return /database or disk is full|no space left|disk quota exceeded|SHMSIZE/i.test(messageOf(error));
}

/** Somebody else holds the lock. SQLITE_BUSY. */
export function isLocked(error: unknown): boolean {
  return /database (table )?is locked/i.test(messageOf(error));
}

/** The bytes of the file are not those of a sound database (SQLITE_CORRUPT, SQLITE_NOTADB) or of a sound block. */
export function isDamaged(error: unknown): boolean {
  return error instanceof DamagedBlockError || /malformed|not a database|corrupt/i.test(messageOf(error));
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
