/** The records of other clusters as documents of the store: what a restart knows before it has met anybody. */

import type { StateChange } from "../../node/mod.ts";
import { encodeRecordDocument, type MeshRecord, type RecordKey, recordKeyText } from "./records/mod.ts";

export const RECORD_PREFIX = "federation/record";
export const RECORDS_COUNTER_KEY = "federation/records-counter";

export function recordsCounterChange(counter: number): StateChange {
  return { key: RECORDS_COUNTER_KEY, value: new TextEncoder().encode(String(counter)) };
}

/** The changes that make records durable, and take others out. */
export function recordChanges(records: readonly MeshRecord[], removed: readonly RecordKey[]): StateChange[] {
  return [
    ...records.map((record) => ({ key: keyOf(record), value: encodeRecordDocument(record) })),
    ...removed.map((key) => ({ key: keyOf(key), value: undefined })),
  ];
}

function keyOf(key: RecordKey): string {
  return `${RECORD_PREFIX}/${recordKeyText(key)}`;
}
