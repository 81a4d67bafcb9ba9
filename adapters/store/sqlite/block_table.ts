/** The rows of the log as retention works on them: looked at without their content, taken out, written again. */

import type { DatabaseSync, StatementSync } from "node:sqlite";

import { LogBlock } from "../../../node/log_block.ts";
import { rewriteBlock } from "./rewrite_block.ts";
import { decodeTallies, encodeTallies, type Tally } from "./rule_tally.ts";

/** A row without the events in it. */
export interface BlockSummary {
  readonly position: number;
  readonly last: number;
  readonly events: number;
  readonly age: number;
  /** Bytes of the body. */
  readonly bytes: number;
  readonly rules: Uint8Array;
}

const SUMMARY = "SELECT position, last, events, age, length(body) AS bytes, rules FROM block";

export class BlockTable {
  readonly #from: StatementSync;
  readonly #before: StatementSync;
  readonly #content: StatementSync;
  readonly #delete: StatementSync;
  readonly #replace: StatementSync;

  constructor(database: DatabaseSync) {
    this.#from = database.prepare(`${SUMMARY} WHERE position >= ? ORDER BY position LIMIT 1`);
    this.#before = database.prepare(`${SUMMARY} WHERE position < ? ORDER BY position DESC LIMIT 1`);
    this.#content = database.prepare("SELECT head, body FROM block WHERE position = ?");
    this.#delete = database.prepare("DELETE FROM block WHERE position = ?");
    this.#replace = database.prepare("UPDATE block SET events = ?, rules = ?, head = ?, body = ? WHERE position = ?");
  }

  /** The first block that begins at or after a position. */
  from(position: number): BlockSummary | undefined {
    return this.#from.get(position) as unknown as BlockSummary | undefined;
  }

  /** The block that has a position, or the next one after it. */
  at(position: number): BlockSummary | undefined {
    const before = this.#before.get(position) as unknown as BlockSummary | undefined;
    return before !== undefined && before.last >= position ? before : this.from(position);
  }

  /** Throws `DamagedBlockError`. */
  read({ position }: BlockSummary): LogBlock {
    const { head, body } = this.#content.get(position) as unknown as { head: Uint8Array; body: Uint8Array };
    return new LogBlock(head, body);
  }

  delete({ position }: BlockSummary): void {
    this.#delete.run(position);
  }

  /** Leaves of a block the events at the indices `kept` only; `gone` is what the others were. */
  keepOnly(row: BlockSummary, block: LogBlock, kept: readonly number[], gone: readonly Tally[]): void {
    if (kept.length === 0) return this.delete(row);
    const { head, body } = rewriteBlock(block, kept);
    this.#replace.run(kept.length, encodeTallies(remaining(decodeTallies(row.rules), gone)), head, body, row.position);
  }
}

function remaining(tallies: readonly Tally[], gone: readonly Tally[]): Tally[] {
  return tallies
    .map((tally) => {
      const less = gone.find(({ rule }) => rule === tally.rule);
      if (less === undefined) return tally;
      return { ...tally, events: tally.events - less.events, bytes: tally.bytes - less.bytes };
    })
    .filter(({ events }) => events > 0);
}
