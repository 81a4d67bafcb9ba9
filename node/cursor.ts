/** Opaque places in a log, bound to that log: what streams and pages hand to clients. */

import { RefusedError } from "./errors.ts";
import type { EventStore } from "./event_store.ts";

/** A cursor names the last event seen: going on from it begins with the next one. Never digits alone. */
export function toCursor(store: Pick<EventStore, "incarnation">, position: number): string {
  return `${logId(store)}-${position.toString(36)}`;
}

/** Throws `INVALID_CURSOR`, or `CURSOR_FOREIGN` when the cursor is of another log. */
export function parseCursor(store: Pick<EventStore, "incarnation">, cursor: string): number {
  const match = /^([a-z][0-9a-z]{7})-([0-9a-z]{1,11})$/.exec(cursor);
  if (match === null) {
    throw new RefusedError(
      "INVALID_CURSOR",
      `Cannot use cursor "${cursor}": it was not made by a node; send one that came with an event, or a position, a time, "now" or "earliest"`,
    );
  }
  if (match[1] !== logId(store)) {
    throw new RefusedError(
      "CURSOR_FOREIGN",
      `Cannot use cursor "${cursor}": it belongs to the log of another cluster; resume there, or start here with since=earliest, now or a time`,
    );
  }
  return Number.parseInt(match[2], 36);
}

/**
 * Where to begin: the position *after* which reading starts, for `now`, `earliest`, a position (that event included), an
 * RFC 3339 time or a cursor. Throws `INVALID_SINCE`, `INVALID_CURSOR` or `CURSOR_FOREIGN`.
 */
export async function resolveSince(store: EventStore, since: string | number): Promise<number> {
  if (since === "now") return store.head;
  if (since === "earliest") return store.tail - 1;
  if (typeof since === "number" || /^\d+$/.test(since)) return afterPosition(store, Number(since));
  if (/^\d{4}-\d{2}-\d{2}[Tt ]/.test(since)) return await afterTime(store, since);
  // Beyond the end only where a backup was restored: what is stored at those positions since then was never seen.
  return Math.min(parseCursor(store, since), store.head);
}

function afterPosition(store: EventStore, position: number): number {
  if (!Number.isSafeInteger(position) || position < 0) {
    throw new RefusedError("INVALID_SINCE", `Cannot begin at "${position}": a position is a whole number from 1`);
  }
  return Math.min(Math.max(position, 1) - 1, store.head);
}

async function afterTime(store: EventStore, text: string): Promise<number> {
  const time = Date.parse(text);
  if (Number.isNaN(time)) {
    throw new RefusedError(
      "INVALID_SINCE",
      `Cannot begin at "${text}": not an RFC 3339 time such as 2026-01-31T12:00:00Z`,
    );
  }
  return await store.positionAt(time) - 1;
}

function logId({ incarnation }: Pick<EventStore, "incarnation">): string {
  const letters = incarnation.storeId.toLowerCase().replace(/[^0-9a-z]/g, "");
  return `l${letters.slice(0, 7).padEnd(7, "0")}`;
}
