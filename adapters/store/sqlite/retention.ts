/** Takes events out of the log: what its rules no longer keep, and at the cap what is oldest. */

import type { DatabaseSync, StatementSync } from "node:sqlite";

import type { RetentionRule } from "../../../node/event_store.ts";
import { LogBlock } from "../../../node/log_block.ts";
import { patternMatches, patternsOverlap } from "../../../node/topic.ts";
import { countOut, type LedgerCounts } from "./log_ledger.ts";
import { rewriteBlock } from "./rewrite_block.ts";
import { decodeTallies, encodeTallies, type RuleTally, type Tally } from "./rule_tally.ts";
import type { Needed } from "./writer_protocol.ts";

/** Longest that one step works before commits get their turn, in ms. */
const STEP_MS = 4;

interface Row {
  readonly position: number;
  readonly last: number;
  readonly events: number;
  readonly age: number;
  readonly rules: Uint8Array;
}

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
  readonly #nextRow: StatementSync;
  readonly #content: StatementSync;
  readonly #delete: StatementSync;
  readonly #replace: StatementSync;

  constructor(database: DatabaseSync, rules: readonly RetentionRule[], tally: RuleTally) {
    this.#rules = rules;
    this.#tally = tally;
    this.#walks = rules.map(() => ({ from: 0, at: undefined, left: undefined, eventsOver: 0, bytesOver: 0 }));
    this.#nextRow = database.prepare(
      "SELECT position, last, events, age, rules FROM block WHERE position >= ? ORDER BY position LIMIT 1",
    );
    this.#content = database.prepare("SELECT head, body FROM block WHERE position = ?");
    this.#delete = database.prepare("DELETE FROM block WHERE position = ?");
    this.#replace = database.prepare("UPDATE block SET events = ?, rules = ?, head = ?, body = ? WHERE position = ?");
  }

  /** Works for a few ms inside the caller's transaction; `more` asks to be called again. */
  step(counts: LedgerCounts, now: { age: number; needed: readonly Needed[] }): StepResult {
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

  /** Removes the oldest block whatever is in it. `changedTo` is 0 if there is none. */
  evictOldest(counts: LedgerCounts, needed: readonly Needed[], tallied: (position: number) => boolean): number {
    const row = this.#nextRow.get(0) as unknown as Row | undefined;
    if (row === undefined) return 0;
    const { head, body } = this.#content.get(row.position) as unknown as { head: Uint8Array; body: Uint8Array };
    if (needed.some(({ from }) => from <= row.last)) {
      const block = new LogBlock(head, body);
      for (let i = 0; i < row.events; i++) {
        const { topic, position } = block.eventAt(i);
        if (isNeeded(needed, topic, position)) counts.evicted++;
      }
    }
    this.#delete.run(row.position);
    const rules = tallied(row.position) ? decodeTallies(row.rules) : [];
    countOut(counts, { events: row.events, bytes: body.length, rules });
    return row.last;
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
  #visit(walk: Walk, rule: number, counts: LedgerCounts, now: { age: number; needed: readonly Needed[] }): number {
    const row = this.#nextRow.get(walk.at!) as unknown as Row | undefined;
    const { maxAgeMs, pattern } = this.#rules[rule];
    const isOld = row !== undefined && maxAgeMs !== undefined && now.age - row.age > maxAgeMs;
    if (row === undefined || (!isOld && walk.eventsOver <= 0 && walk.bytesOver <= 0)) {
      this.#end(walk, row?.position ?? walk.at!);
      return 0;
    }
    const tallies = decodeTallies(row.rules);
    const own = tallies.find((tally) => tally.rule === rule);
    walk.at = row.last + 1;
    if (own === undefined) return 0;
    const needed = now.needed.filter((need) => need.from <= row.last && patternsOverlap(need.pattern, pattern));
    const whole = isOld || own.events <= walk.eventsOver || own.bytes <= walk.bytesOver;
    if (whole && needed.length === 0 && own.events === row.events) {
      this.#delete.run(row.position);
      countOut(counts, { events: row.events, bytes: own.bytes, rules: [own] });
      walk.eventsOver -= own.events;
      walk.bytesOver -= own.bytes;
      return row.last;
    }
    return this.#thin(walk, rule, counts, { row, isOld, needed, tallies });
  }

  /** Takes the events that go out of a block that also holds others. */
  #thin(
    walk: Walk,
    rule: number,
    counts: LedgerCounts,
    { row, isOld, needed, tallies }: { row: Row; isOld: boolean; needed: readonly Needed[]; tallies: Tally[] },
  ): number {
    const { head, body } = this.#content.get(row.position) as unknown as { head: Uint8Array; body: Uint8Array };
    const block = new LogBlock(head, body);
    const kept: number[] = [];
    const gone: Tally = { rule, events: 0, bytes: 0 };
    let stopped = false;
    for (let i = 0; i < row.events; i++) {
      const { topic, bytes, position } = block.eventAt(i);
      stopped ||= !isOld && walk.eventsOver <= 0 && walk.bytesOver <= 0;
      if (stopped || this.#tally.ruleOf(topic) !== rule) {
        kept.push(i);
        continue;
      }
      walk.eventsOver--;
      walk.bytesOver -= bytes;
      if (isNeeded(needed, topic, position)) {
        kept.push(i);
        walk.left ??= row.position;
      } else {
        gone.events++;
        gone.bytes += bytes;
      }
    }
    if (stopped) this.#end(walk, row.position);
    if (gone.events === 0) return 0;
    this.#rewrite(row, block, kept, remaining(tallies, gone));
    countOut(counts, { events: gone.events, bytes: gone.bytes, rules: [gone] });
    return row.last;
  }

  #rewrite(row: Row, block: LogBlock, kept: readonly number[], tallies: readonly Tally[]): void {
    if (kept.length === 0) {
      this.#delete.run(row.position);
      return;
    }
    const { head, body } = rewriteBlock(block, kept);
    this.#replace.run(kept.length, encodeTallies(tallies), head, body, row.position);
  }

  #end(walk: Walk, at: number): void {
    walk.from = walk.left ?? at;
    walk.at = undefined;
  }
}

function isNeeded(needed: readonly Needed[], topic: string, position: number): boolean {
  return needed.some(({ pattern, from }) => from <= position && patternMatches(pattern, topic));
}

function remaining(tallies: readonly Tally[], gone: Tally): Tally[] {
  return tallies
    .map((tally) =>
      tally.rule === gone.rule
        ? { ...tally, events: tally.events - gone.events, bytes: tally.bytes - gone.bytes }
        : tally
    )
    .filter(({ events }) => events > 0);
}
