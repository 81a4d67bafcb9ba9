/** What a store knows of itself: its identity, its epoch counter, its clocks when it was last alive. */

import type { DatabaseSync } from "node:sqlite";

import { BlockHead } from "../../../node/block_head.ts";

import type { Tick } from "./writer_protocol.ts";

/**
 * How far the epoch counter jumps after a restore. The copy does not know how often the original was opened after it was
 * made; peers order epochs by this counter, so it must come out above.
 */
export const RESTORED_COUNTER_JUMP = 1000;

export function readMeta(database: DatabaseSync, key: string): string | undefined {
  const row = database.prepare("SELECT value FROM meta WHERE key = ?").get(key) as { value: string } | undefined;
  return row?.value;
}

export function writeMeta(database: DatabaseSync, key: string, value: string): void {
  database.prepare("INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value").run(
    key,
    value,
  );
}

/** What stays the same as long as the database lives, its copies included. */
export interface StoreIdentity {
  readonly storeId: string;
  readonly seed: { readonly hi: number; readonly lo: number };
}

/** Reads the identity, or makes one in a new database. */
export function ensureIdentity(database: DatabaseSync): StoreIdentity {
  const known = readMeta(database, "identity");
  if (known !== undefined) return JSON.parse(known);
  const [hi, lo] = crypto.getRandomValues(new Uint32Array(2));
  const identity = { storeId: crypto.randomUUID(), seed: { hi, lo } };
  writeMeta(database, "identity", JSON.stringify(identity));
  return identity;
}

/** Mints the epoch of this opening: counter × 2³² + 32 random bits (design: an epoch is never used twice). */
export function mintEpoch(database: DatabaseSync): { readonly epoch: number; readonly restored: boolean } {
  const restored = readMeta(database, "restored") !== undefined;
  const counter = Number(readMeta(database, "epochCounter") ?? 0) + (restored ? RESTORED_COUNTER_JUMP : 1);
  writeMeta(database, "epochCounter", String(counter));
  database.exec("DELETE FROM meta WHERE key = 'restored'");
  return { epoch: counter * 2 ** 32 + crypto.getRandomValues(new Uint32Array(1))[0], restored };
}

/** Both clocks when something was last made durable. */
export function readTick(database: DatabaseSync): Tick | undefined {
  const saved = readMeta(database, "tick");
  const tick: Tick | undefined = saved === undefined ? undefined : JSON.parse(saved);
  const block = database.prepare("SELECT head, age FROM block ORDER BY position DESC LIMIT 1").get() as
    | { head: Uint8Array; age: number }
    | undefined;
  if (block === undefined || (tick !== undefined && tick.age >= block.age)) return tick;
  // The wall time in the head, for the column never goes back and this is about the clock as it was.
  return { wall: new BlockHead(block.head).acceptedAt, age: block.age };
}

export function writeTick(database: DatabaseSync, tick: Tick): void {
  writeMeta(database, "tick", JSON.stringify(tick));
}
