/** Near the cap: takes out of the log what nobody needs, oldest first, and what is needed only when it is told to. */

import type { LogBlock } from "../../../node/log_block.ts";
import type { NeededEvents } from "../needed_events.ts";
import { UnneededSearch } from "../unneeded_search.ts";
import type { BlockSummary, BlockTable } from "./block_table.ts";
import { type CountedBlock, countOut, type LedgerCounts } from "./log_ledger.ts";
import type { StepResult } from "./retention.ts";
import { addTo, decodeTallies, type RuleTally, type Tally } from "./rule_tally.ts";

/** Longest that one step works before commits get their turn, in ms. */
const STEP_MS = 4;

export interface RoomMakerParts {
  readonly blocks: BlockTable;
  readonly tally: RuleTally;
  /** Whether the block at a position is among the counts by rule. */
  readonly isTallied: (position: number) => boolean;
  /** Events went of which a rule may have planned to take some. */
  readonly onGone: (tallies: readonly Tally[]) => void;
}

export class RoomMaker {
  readonly #parts: RoomMakerParts;
  readonly #search = new UnneededSearch();

  constructor(parts: RoomMakerParts) {
    this.#parts = parts;
  }

  /**
   * Removes events that nobody needs until there is enough room, for a few ms inside the caller's transaction. `more`: to
   * be called again; without it there is enough room, or all that is left is needed.
   */
  step(counts: LedgerCounts, { needed, isEnough }: { needed: NeededEvents; isEnough: () => boolean }): StepResult {
    const deadline = performance.now() + STEP_MS;
    let changedTo = 0;
    this.#search.tell(needed.list);
    while (!isEnough()) {
      const row = this.#parts.blocks.at(this.#search.next);
      if (row === undefined || row.position >= needed.allFrom) return { changedTo, more: false };
      if (this.#removeUnneeded(row, counts, needed)) changedTo = Math.max(changedTo, row.last);
      this.#search.searched(row.last);
      if (performance.now() >= deadline) return { changedTo, more: true };
    }
    return { changedTo, more: false };
  }

  /** Removes the oldest block whatever is in it; its last position, 0 if there is none. */
  evictOldest(counts: LedgerCounts, needed: NeededEvents): number {
    const row = this.#parts.blocks.from(0);
    if (row === undefined) return 0;
    const block = this.#parts.blocks.read(row);
    for (let i = 0; i < row.events; i++) {
      if (block === undefined ? needed.mayHave({ from: row.position, to: row.last }) : needed.has(block.eventAt(i))) {
        counts.evicted++;
      }
    }
    this.#removeWhole(row, counts, block);
    return row.last;
  }

  /** Searches from the beginning again; after a transaction that came to nothing. */
  reset(): void {
    this.#search.restart();
  }

  /** Whether the block was changed. */
  #removeUnneeded(row: BlockSummary, counts: LedgerCounts, needed: NeededEvents): boolean {
    const positions = { from: row.position, to: row.last };
    if (!needed.mayHave(positions)) {
      this.#removeWhole(row, counts);
      return true;
    }
    if (needed.hasAll(positions)) return false;
    const block = this.#parts.blocks.read(row);
    if (block === undefined) return false;
    const kept: number[] = [];
    const gone: Tally[] = [];
    for (let i = 0; i < row.events; i++) {
      const event = block.eventAt(i);
      if (needed.has(event)) kept.push(i);
      else addTo(gone, { rule: this.#parts.tally.ruleOf(event.topic), events: 1, bytes: event.bytes });
    }
    if (gone.length === 0) return false;
    this.#parts.blocks.keepOnly(row, block, kept, gone);
    this.#countOut(row, counts, { events: row.events - kept.length, bytes: sumOfBytes(gone), rules: gone });
    return true;
  }

  #removeWhole(row: BlockSummary, counts: LedgerCounts, block?: LogBlock): void {
    this.#parts.blocks.delete(row, block);
    this.#countOut(row, counts, { events: row.events, bytes: row.bytes, rules: decodeTallies(row.rules) });
  }

  #countOut(row: BlockSummary, counts: LedgerCounts, gone: Omit<CountedBlock, "last">): void {
    const rules = this.#parts.isTallied(row.position) ? gone.rules : [];
    countOut(counts, { ...gone, rules });
    this.#parts.onGone(rules);
  }
}

function sumOfBytes(tallies: readonly Tally[]): number {
  return tallies.reduce((sum, { bytes }) => sum + bytes, 0);
}
