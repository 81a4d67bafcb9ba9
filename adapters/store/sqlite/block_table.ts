/** The rows of the log as retention works on them: looked at without their content, taken out, written again. */

import type { DatabaseSync, StatementSync } from "node:sqlite";

import { isForNobody } from "../../../node/audience.ts";
import { DamagedBlockError } from "../../../node/block_head.ts";
import { LogBlock } from "../../../node/log_block.ts";
import { ANY_TOPIC, type RetiredTo } from "../retired_topics.ts";
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
  #gone = new Map<string, number>();

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

  /** `undefined` if the block is damaged: retirement can do without looking at it. */
  read({ position }: BlockSummary): LogBlock | undefined {
    const { head, body } = this.#content.get(position) as unknown as { head: Uint8Array; body: Uint8Array };
    try {
      return new LogBlock(head, body);
    } catch (error) {
      if (error instanceof DamagedBlockError) return undefined;
      throw error;
    }
  }

  delete(row: BlockSummary, block = this.read(row)): void {
    if (block === undefined) this.#gone.set(ANY_TOPIC, row.last);
    else for (let i = 0; i < row.events; i++) this.#note(block, i);
    this.#delete.run(row.position);
  }

  /** Leaves of a block the events at the indices `kept` only; `gone` is what the others were. */
  keepOnly(row: BlockSummary, block: LogBlock, kept: readonly number[], gone: readonly Tally[]): void {
    if (kept.length === 0) return this.delete(row, block);
    const keeps = new Set(kept);
    for (let i = 0; i < row.events; i++) if (!keeps.has(i)) this.#note(block, i);
    const { head, body } = rewriteBlock(block, kept);
    this.#replace.run(kept.length, encodeTallies(remaining(decodeTallies(row.rules), gone)), head, body, row.position);
  }

  /** The last position of each topic that was taken out since this was last asked. */
  takeGone(): RetiredTo {
    const gone = this.#gone;
    this.#gone = new Map();
    return gone;
  }

  /** Nobody here misses what was in transit. */
  #note(block: LogBlock, index: number): void {
    if (isForNobody(block.head.audienceAt(index))) return;
    const { topic, position } = block.eventAt(index);
    this.#gone.set(topic, Math.max(position, this.#gone.get(topic) ?? 0));
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
