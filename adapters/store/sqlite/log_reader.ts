/** Reads through a connection of its own, beside the thread that writes. */

import { DatabaseSync, type StatementSync } from "node:sqlite";

import type { StateEntry } from "../../../node/event_store.ts";
import { BlockHead } from "../../../node/block_head.ts";
import { LogBlock } from "../../../node/log_block.ts";

/** How long a read waits for SQLite's short exclusive moments (recovery, the end of a checkpoint). */
const BUSY_TIMEOUT_MS = 2000;

/** Heads read in one go when the index is scanned. */
const HEADS_PAGE = 256;

interface BlockRow {
  readonly head: Uint8Array;
  readonly body: Uint8Array;
}

/** Every method sees all transactions that were durable when it was called. */
export class LogReader {
  readonly #database: DatabaseSync;
  readonly #blockAt: StatementSync;
  readonly #blockAfter: StatementSync;
  readonly #nearest: StatementSync;
  readonly #state: StatementSync;
  readonly #states: StatementSync;
  readonly #heads: StatementSync;
  readonly #backwards: StatementSync;

  constructor(file: string) {
    this.#database = new DatabaseSync(file, { readOnly: true });
    const prepare = (sql: string) => this.#database.prepare(sql);
    this.#database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    this.#blockAt = prepare("SELECT last, head, body FROM block WHERE position <= ? ORDER BY position DESC LIMIT 1");
    this.#blockAfter = prepare("SELECT head, body FROM block WHERE position > ? ORDER BY position LIMIT 1");
    this.#nearest = prepare(
      "SELECT position, last, wall, head FROM block WHERE position <= ? ORDER BY position DESC LIMIT 1",
    );
    this.#state = prepare("SELECT value FROM state WHERE key = ?");
    this.#states = prepare("SELECT key, value FROM state WHERE key >= ? AND key > ? ORDER BY key LIMIT ?");
    this.#heads = prepare(`SELECT head FROM block WHERE position >= ? ORDER BY position LIMIT ${HEADS_PAGE}`);
    this.#backwards = prepare(
      "SELECT position, events, age FROM block WHERE position <= ? ORDER BY position DESC LIMIT 1000",
    );
  }

  /** The block with a position, or the next one after it. Throws `DamagedBlockError`. */
  find(position: number): LogBlock | undefined {
    const at = this.#blockAt.get(position) as unknown as (BlockRow & { last: number }) | undefined;
    if (at !== undefined && at.last >= position) return new LogBlock(at.head, at.body);
    const after = this.#blockAfter.get(position) as unknown as BlockRow | undefined;
    return after === undefined ? undefined : new LogBlock(after.head, after.body);
  }

  /** Position of the first event accepted at or after a wall time; `undefined` if there is none up to `head`. */
  positionAt(timeMs: number, head: number): number | undefined {
    // The column never goes back, so halving the range of positions finds the first block that is late enough.
    let low = 1;
    let high = head + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = this.#nearest.get(middle) as unknown as { last: number; wall: number } | undefined;
      if (row === undefined || row.wall < timeMs) low = Math.max(middle, row?.last ?? 0) + 1;
      else high = middle;
    }
    if (low > head) return undefined;
    const row = this.#nearest.get(low) as unknown as { last: number; wall: number; head: Uint8Array };
    const found = new BlockHead(row.head);
    return found.firstPosition + found.deltaAt(0);
  }

  readState(key: string): Uint8Array | undefined {
    return (this.#state.get(key) as unknown as { value: Uint8Array } | undefined)?.value;
  }

  listState({ prefix, after = "", limit }: { prefix: string; after?: string; limit: number }): StateEntry[] {
    const rows = this.#states.all(prefix, after, limit) as unknown as StateEntry[];
    const end = rows.findIndex(({ key }) => !key.startsWith(prefix));
    return (end < 0 ? rows : rows.slice(0, end)).map(({ key, value }) => ({ key, value }));
  }

  /** Position of the block with which the newest `eventsMax` events begin, none older than `ageMin`. */
  startOfRecent({ head, eventsMax, ageMin }: { head: number; eventsMax: number; ageMin: number }): number {
    let start = head + 1;
    let events = 0;
    for (;;) {
      const rows = this.#backwards.all(start - 1) as unknown as { position: number; events: number; age: number }[];
      for (const row of rows) {
        if (events >= eventsMax || row.age < ageMin) return start;
        events += row.events;
        start = row.position;
      }
      if (rows.length === 0) return start;
    }
  }

  /** Heads of blocks from a position on, a page of them; empty at the end. */
  heads(position: number): BlockHead[] {
    return (this.#heads.all(position) as unknown as { head: Uint8Array }[]).map(({ head }) => new BlockHead(head));
  }

  close(): void {
    this.#database.close();
  }
}
