/** The durable form of a subscription. */

import type { EventStore, StateChange } from "../event_store.ts";
import type { Subscription } from "./subscription.ts";

export interface SubscriptionRecord {
  readonly subscription: Subscription;
  /** Wall clock, ms since 1970. */
  readonly createdAt: number;
  /** Ageing clock at which it ends, ms; `null`: never. */
  readonly expiresAtAge: number | null;
  /** Why it is paused; `null`: it is not. */
  readonly paused: string | null;
}

const PREFIX = "subscription/";

export function toRecordChange(record: SubscriptionRecord): StateChange {
  const value = new TextEncoder().encode(JSON.stringify({ v: 1, ...record }));
  return { key: PREFIX + record.subscription.id, value };
}

export function toRecordRemoval(id: string): StateChange {
  return { key: PREFIX + id, value: undefined };
}

/** Every subscription that the store holds, in order of id. */
export async function loadRecords(store: EventStore): Promise<SubscriptionRecord[]> {
  const records: SubscriptionRecord[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await store.listState({ prefix: PREFIX, after, limit: 500 });
    for (const { value } of page) records.push(JSON.parse(new TextDecoder().decode(value)));
    if (page.length < 500) return records;
    after = page[page.length - 1].key;
  }
}
