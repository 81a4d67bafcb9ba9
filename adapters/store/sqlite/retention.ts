/** Takes out of the log what its rules no longer keep. */

import type { RetentionRule } from "../../../node/event_store.ts";
import type { NeededEvents } from "../needed_events.ts";
import type { BlockSummary, BlockTable } from "./block_table.ts";
import { countOut, type LedgerCounts } from "./log_ledger.ts";
import { decodeTallies, type RuleTally, type Tally } from "./rule_tally.ts";

/** Longest that one step works before commits get their turn, in ms. */
const STEP_MS = 4;

/** How far a walk through the log has come for one rule. */
interface Walk {
  /** Where the next walk begins: no event of the rule before it could go then. */
  from: number;
  /** Next block to look at; `undefined` between walks. */
  at: number | undefined;
  /** First block in which something was left because it is needed. */
  left: number | undefined;
  /** How many events and bytes over the rule's limits are still to be met on this walk, those left included. */
  eventsOver: number;
  bytesOver: number;
}

/** When a step is made: the ageing clock, and what is needed. */
interface Now {
  readonly age: number;
  readonly needed: NeededEvents;
}

export interface StepResult {
  /** Blocks up to this position were changed; 0: none. */
  readonly changedTo: number;
  readonly more: boolean;
}

/**
 * Each rule has its own walk, oldest block first, which ends at the first block that the rule still keeps whole; the next
 * walk starts there. A block that only holds events that go is deleted, one that holds others too is written again without
 * them: what is in the log is what is kept, and no reader has to ask the rules.
 */
export class Retention {
  readonly #rules: readonly RetentionRule[];
  readonly #tally: RuleTally;
  readonly #walks: Walk[];
  readonly #blocks: BlockTable;

  constructor(blocks: BlockTable, rules: readonly RetentionRule[], tally: RuleTally) {
    this.#blocks = blocks;
    this.#rules = rules;
    this.#tally = tally;
    this.#walks = rules.map(() => ({ from: 0, at: undefined, left: undefined, eventsOver: 0, bytesOver: 0 }));
  }

  /** Works for a few ms inside the caller's transaction; `more` asks to be called again. */
  step(counts: LedgerCounts, now: Now): StepResult {
    const deadline = performance.now() + STEP_MS;
    let changedTo = 0;
    for (let rule = 0; rule < this.#rules.length; rule++) {
      const walk = this.#walks[rule];
      if (walk.at === undefined) this.#begin(walk, rule, counts);
      while (walk.at !== undefined) {
        changedTo = Math.max(changedTo, this.#visit(walk, rule, counts, now));
        if (performance.now() >= deadline) return { changedTo, more: true };
      }
    }
    return { changedTo, more: false };
  }

  /** Others took events out: so many fewer are over the limits of their rules. */
  noteGone(tallies: readonly Tally[]): void {
    for (const { rule, events, bytes } of tallies) {
      const walk = this.#walks[rule]; // none for events that no rule fits
      if (walk === undefined) continue;
      walk.eventsOver -= events;
      walk.bytesOver -= bytes;
    }
  }

  /** Begins all walks anew; after a transaction that came to nothing. */
  reset(): void {
    for (const walk of this.#walks) walk.from = 0, walk.at = undefined;
  }

  #begin(walk: Walk, rule: number, counts: LedgerCounts): void {
    const { maxAgeMs, maxBytes, maxCount } = this.#rules[rule];
    const total = counts.rules.find((tally) => tally.rule === rule) ?? { events: 0, bytes: 0 };
    walk.eventsOver = maxCount === undefined ? 0 : total.events - maxCount;
    walk.bytesOver = maxBytes === undefined ? 0 : total.bytes - maxBytes;
    const hasWork = maxAgeMs !== undefined || walk.eventsOver > 0 || walk.bytesOver > 0;
    walk.at = hasWork ? walk.from : undefined;
    walk.left = undefined;
  }

  /** Looks at one block; answers its last position if it was changed, else 0. */
  #visit(walk: Walk, rule: number, counts: LedgerCounts, now: Now): number {
    const row = this.#blocks.from(walk.at!);
    const { maxAgeMs, pattern } = this.#rules[rule];
    const isOld = row !== undefined && maxAgeMs !== undefined && now.age - row.age > maxAgeMs;
    if (row === undefined || (!isOld && walk.eventsOver <= 0 && walk.bytesOver <= 0)) {
      this.#end(walk, row?.position ?? walk.at!);
      return 0;
    }
    const own = decodeTallies(row.rules).find((tally) => tally.rule === rule);
    walk.at = row.last + 1;
    if (own === undefined) return 0;
    const mayBeNeeded = now.needed.mayHave({ from: row.position, to: row.last }, pattern);
    const whole = isOld || own.events <= walk.eventsOver || own.bytes <= walk.bytesOver;
    if (whole && !mayBeNeeded && own.events === row.events) {
      this.#blocks.delete(row);
      countOut(counts, { events: row.events, bytes: own.bytes, rules: [own] });
      walk.eventsOver -= own.events;
      walk.bytesOver -= own.bytes;
      return row.last;
    }
    return this.#thin(walk, rule, counts, { row, isOld, needed: now.needed });
  }

  /** Takes the events that go out of a block that also holds others. */
  #thin(
    walk: Walk,
    rule: number,
    counts: LedgerCounts,
    { row, isOld, needed }: { row: BlockSummary; isOld: boolean; needed: NeededEvents },
  ): number {
    const block = this.#blocks.read(row);
    if (block === undefined) return 0;
    const kept: number[] = [];
    const gone: Tally = { rule, events: 0, bytes: 0 };
    let stopped = false;
    for (let i = 0; i < row.events; i++) {
      const event = block.eventAt(i);
      stopped ||= !isOld && walk.eventsOver <= 0 && walk.bytesOver <= 0;
      if (stopped || this.#tally.ruleOf(event.topic) !== rule) {
        kept.push(i);
        continue;
      }
      walk.eventsOver--;
      walk.bytesOver -= event.bytes;
      if (needed.has(event)) {
        kept.push(i);
        walk.left ??= row.position;
      } else {
        gone.events++;
        gone.bytes += event.bytes;
      }
    }
    if (stopped) this.#end(walk, row.position);
    if (gone.events === 0) return 0;
    this.#blocks.keepOnly(row, block, kept, [gone]);
    countOut(counts, { events: gone.events, bytes: gone.bytes, rules: [gone] });
    return row.last;
  }

  #end(walk: Walk, at: number): void {
    walk.from = walk.left ?? at;
    walk.at = undefined;
  }
}
