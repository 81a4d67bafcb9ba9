/** Counts the log anew by the retention rules when these have changed, a few blocks at a time. */

import type { DatabaseSync, StatementSync } from "node:sqlite";

import type { LedgerCounts } from "./log_ledger.ts";
import { addTo, encodeTallies, type RuleTally } from "./rule_tally.ts";

/** Longest that one step works before commits get their turn, in ms. */
const STEP_MS = 4;

interface Row {
  readonly position: number;
  readonly last: number;
  readonly events: number;
  readonly head: Uint8Array;
  readonly body: Uint8Array;
}

/** Until it is done no rule is applied, for its counts would be wrong; new blocks are counted by the new rules at once. */
export class RuleRecount {
  readonly #tally: RuleTally;
  readonly #fingerprint: string;
  readonly #next: StatementSync;
  readonly #update: StatementSync;
  #at = 0;
  #end = 0;

  constructor(database: DatabaseSync, tally: RuleTally, counts: LedgerCounts, fingerprint: string) {
    this.#tally = tally;
    this.#fingerprint = fingerprint;
    this.#next = database.prepare(
      "SELECT position, last, events, head, body FROM block WHERE position > ? ORDER BY position LIMIT 1",
    );
    this.#update = database.prepare("UPDATE block SET rules = ? WHERE position = ?");
    this.restart(counts);
  }

  get done(): boolean {
    return this.#at >= this.#end;
  }

  /** Whether a block is among the counts. */
  counted(position: number): boolean {
    return position <= this.#at || position > this.#end;
  }

  /** Begins again where the counts are by other rules; the caller has just read or restored them. */
  restart(counts: LedgerCounts): void {
    if (counts.fingerprint === this.#fingerprint) {
      this.#at = this.#end = 0;
      return;
    }
    this.#at = 0;
    this.#end = counts.head;
    counts.rules = [];
    counts.fingerprint = this.done ? this.#fingerprint : "";
  }

  /** Works for a few ms inside the caller's transaction. */
  step(counts: LedgerCounts): void {
    const deadline = performance.now() + STEP_MS;
    while (!this.done && performance.now() < deadline) {
      const row = this.#next.get(this.#at) as unknown as Row | undefined;
      if (row === undefined || row.position > this.#end) this.#at = this.#end;
      else {
        const tallies = this.#tally.count(row.head, row.body, row.events);
        this.#update.run(encodeTallies(tallies), row.position);
        for (const tally of tallies) addTo(counts.rules, tally);
        this.#at = row.last;
      }
    }
    if (this.done) counts.fingerprint = this.#fingerprint;
  }
}
