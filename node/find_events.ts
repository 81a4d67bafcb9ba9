/** Finds events of the log by source and id: in the publish window, else by the hashes that the store keeps of all of them. */

import type { EventStore, StoredEvent } from "./event_store.ts";

/** Events of one id that are answered: a retry at another node makes a second one, more than a few nobody needs. */
const FOUND_MAX = 8;

export interface EventId {
  readonly source: string;
  readonly id: string;
}

/** `candidates`: positions of the publish window that have the hash; `recent`: nothing else is looked at. Oldest first. */
export async function findEvents(
  store: EventStore,
  wanted: EventId,
  { candidates, recent }: { readonly candidates: readonly number[]; readonly recent: boolean },
): Promise<StoredEvent[]> {
  const found = await readAll(store, candidates, wanted);
  return found.length > 0 || recent ? found : await readAll(store, await scan(store, wanted), wanted);
}

async function readAll(
  store: EventStore,
  positions: readonly number[],
  { source, id }: EventId,
): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  for (const position of positions) {
    const stored = await store.get(position);
    const attributes = stored?.event.attributes;
    if (attributes?.source === source && attributes.id === id) found.push(stored!);
    if (found.length === FOUND_MAX) break;
  }
  return found;
}

/** Reads the index of the whole log. */
async function scan(store: EventStore, { source, id }: EventId): Promise<number[]> {
  const { hi, lo } = store.hashId(source, id);
  const positions: number[] = [];
  for await (const run of store.recentIds({ idsMax: Number.MAX_SAFE_INTEGER, ageMs: Number.MAX_SAFE_INTEGER })) {
    for (let i = 0; i < run.count; i++) {
      if (run.hashes[i * 2] === hi && run.hashes[i * 2 + 1] === lo) positions.push(run.position + i);
    }
  }
  return positions;
}
