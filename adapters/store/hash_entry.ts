/** The id hash of an event to append: worked out once, and without decoding the event where its record is given. */

import type { AppendEntry } from "../../node/event_store.ts";
import { hashId, hashRecord, type IdHash, type IdHashSeed } from "../../node/id_hash.ts";

export function hashEntry(seed: IdHashSeed, entry: AppendEntry): IdHash {
  if (entry.idHash !== undefined) return entry.idHash;
  if (entry.record !== undefined) return hashRecord(seed, entry.record);
  const { source, id } = entry.event.attributes;
  return hashId(seed, source, id);
}
