/** What the suites of the event store share: entries to commit, and reading everything back. */

import type { CloudEvent } from "../../node/event.ts";
import type { AppendEntry, EventStore, StoredEvent } from "../../node/event_store.ts";
import { someEvents } from "../support/events.ts";

/** A cap that fits the fixed costs of an empty store of any kind and some hundred large events. */
export const SMALL_CAP = 4 * 1024 * 1024;
export const LARGE = new Uint8Array(64 * 1024).fill(7);

export function entries(count: number, overrides: { data?: Uint8Array } = {}): AppendEntry[] {
  return someEvents(count, overrides).map((event) => ({ event, topic: "order.placed", ttlMs: 0 }));
}

export async function readAll(store: EventStore, eventsMax = 500): Promise<StoredEvent[]> {
  const all: StoredEvent[] = [];
  for (;;) {
    const page = await store.read({ after: all.at(-1)?.position ?? 0, eventsMax, bytesMax: 1024 * 1024 });
    if (page.length === 0) return all;
    all.push(...page);
  }
}

export async function recent(store: EventStore, options: { idsMax: number; ageMs: number }) {
  const found = new Map<number, { hi: number; lo: number }>();
  for await (const { position, count, hashes } of store.recentIds(options)) {
    for (let i = 0; i < count; i++) found.set(position + i, { hi: hashes[2 * i], lo: hashes[2 * i + 1] });
  }
  return found;
}

/** Commits large events until one is refused; answers the refusal. */
export async function fill(store: EventStore): Promise<unknown> {
  for (let i = 0; i < 200; i++) {
    try {
      await store.commit(entries(1, { data: LARGE }));
    } catch (error) {
      return error;
    }
  }
  return undefined;
}

export function comparable({ attributes, data, dataForm }: CloudEvent): unknown {
  return { attributes: { ...attributes }, data, dataForm };
}

export function positions(events: readonly StoredEvent[]): number[] {
  return events.map(({ position }) => position);
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

export function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}
