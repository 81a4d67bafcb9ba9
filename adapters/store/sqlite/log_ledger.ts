/** Counts over the log, kept in memory and written down about once a second, so that opening a store reads no block. */

import type { DatabaseSync } from "node:sqlite";

import { firstLevel } from "../state_keys.ts";
import { readMeta, writeMeta } from "./meta.ts";
import { addTo, decodeTallies, type Tally } from "./rule_tally.ts";

/** What the counts say, as it is written down. */
export interface LedgerCounts {
  /** Last position given; outlives the events, so that no position is used twice. Blocks up to it are counted. */
  head: number;
  events: number;
  bytes: number;
  retired: number;
  evicted: number;
  /** Names the rules that `rules` counts by; empty while they are being counted anew. */
  fingerprint: string;
  /** Events and bytes per retention rule. */
  rules: Tally[];
  /** Documents of the state by the first level of their keys; written down with each change. */
  documents: Record<string, number>;
}

/** A block to be counted or no longer to be. */
export interface CountedBlock {
  readonly last: number;
  readonly events: number;
  readonly bytes: number;
  readonly rules: readonly Tally[];
}

const EMPTY: LedgerCounts = {
  head: 0,
  events: 0,
  bytes: 0,
  retired: 0,
  evicted: 0,
  fingerprint: "",
  rules: [],
  documents: {},
};

/** Reads the counts and adds the blocks written since they were last written down. */
export function loadLedger(database: DatabaseSync): LedgerCounts {
  const saved = readMeta(database, "ledger");
  const counts: LedgerCounts = { ...structuredClone(EMPTY), ...(saved === undefined ? {} : JSON.parse(saved)) };
  const since = database.prepare(
    "SELECT last, events, length(body) AS bytes, rules FROM block WHERE position > ? ORDER BY position",
  );
  for (const row of since.iterate(counts.head) as Iterable<CountedBlock & { rules: Uint8Array }>) {
    countIn(counts, { ...row, rules: decodeTallies(row.rules as Uint8Array) });
  }
  return counts;
}

export function saveLedger(database: DatabaseSync, counts: LedgerCounts): void {
  writeMeta(database, "ledger", JSON.stringify(counts));
}

export function copyLedger(counts: LedgerCounts): LedgerCounts {
  return { ...counts, rules: counts.rules.map((tally) => ({ ...tally })), documents: { ...counts.documents } };
}

export function countIn(counts: LedgerCounts, block: CountedBlock): void {
  counts.head = Math.max(counts.head, block.last);
  counts.events += block.events;
  counts.bytes += block.bytes;
  for (const tally of block.rules) addTo(counts.rules, tally);
}

/** A document came (1) or went (−1). */
export function countDocument(counts: LedgerCounts, key: string, change: 1 | -1): void {
  const kind = firstLevel(key);
  counts.documents[kind] = (counts.documents[kind] ?? 0) + change;
}

/** Takes events out of the counts. `rules` is empty for a block whose rules are still to be counted. */
export function countOut(counts: LedgerCounts, block: Omit<CountedBlock, "last">): void {
  counts.events -= block.events;
  counts.bytes -= block.bytes;
  counts.retired += block.events;
  for (const { rule, events, bytes } of block.rules) addTo(counts.rules, { rule, events: -events, bytes: -bytes });
}
