/**
 * A program around a SQLite store, to be killed: takes commits as JSON lines on standard input and writes a line for each
 * that is durable. `<runtime> store_program.ts <dataDir> [full|off]`.
 */

import { writeSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";

import { openSqliteStore } from "../../adapters/store/sqlite.ts";
import { type AppendEntry, type Audience, encodeRecord, type EventOrigin } from "../../node/mod.ts";
import { anEvent } from "./events.ts";

/** A line in. Each event is an id; the payload is the id repeated, so that it can be told from any other. */
export interface ProgramCommit {
  readonly commit: number;
  readonly ids: readonly string[];
  readonly changes: readonly { readonly key: string; readonly value: string | null; readonly atPosition?: boolean }[];
  /** They come from another cluster: where the first was accepted; each sequence is two more than the one before. */
  readonly origin?: EventOrigin;
}

/** Lines out: the store is open, or a commit is durable. */
export type ProgramLine =
  | { readonly type: "open"; readonly head: number; readonly epoch: number }
  | { readonly type: "durable"; readonly commit: number; readonly position: number };

/** The payload of an event, recognisable in a trace of system calls. */
export function payloadOf(id: string): string {
  return `<payload of ${id}>`;
}

/** The audience of an event from another cluster; they differ. */
export function audienceOf(id: string): Audience {
  const kind = id.charCodeAt(id.length - 1) % 3;
  return { ungrouped: kind === 0, groups: kind === 1 ? ["billing"] : [] };
}

if (import.meta.main) await main();

async function main(): Promise<void> {
  const [dataDir, synchronous = "full"] = process.argv.slice(2);
  const store = await openSqliteStore({ dataDir, cluster: "paris", synchronous: synchronous as "full" | "off" });
  say({ type: "open", head: store.head, epoch: store.incarnation.epoch });
  for await (const line of createInterface({ input: process.stdin })) {
    const { commit, ids, changes, origin }: ProgramCommit = JSON.parse(line);
    const entries = ids.map((id, i) => toEntry(id, i, origin));
    const stored = changes.map(({ key, value, atPosition }) => ({
      key,
      value: value === null ? undefined : new TextEncoder().encode(value),
      atPosition,
    }));
    store.commit(entries, stored).then(({ position }) => say({ type: "durable", commit, position }));
  }
  await store.close();
  process.exit(0);
}

function toEntry(id: string, index: number, origin: EventOrigin | undefined): AppendEntry {
  const entry = { event: anEvent({ id, data: payloadOf(id) }), topic: "order.placed", ttlMs: 0 };
  if (origin === undefined) return entry;
  return {
    ...entry,
    record: encodeRecord(entry),
    origin: { ...origin, sequence: origin.sequence + 2 * index },
    audience: audienceOf(id),
  };
}

/** Written at once, in one system call, by the thread that was told: what `strace` sees is the order of things. */
function say(line: ProgramLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}
