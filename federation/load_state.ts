/** Puts what a run before left in the store where it belongs. */

import type { StateEntry } from "../node/mod.ts";
import { CLOSED_PREFIX, COVERAGE_PREFIX } from "./custody/coverage.ts";
import { DISPATCHED_KEY } from "./custody/departures.ts";
import { PLACE_PREFIX, type Places } from "./custody/places.ts";
import { CUSTODY_PREFIX } from "./custody/run_document.ts";
import { TRACE_PREFIX, type TraceJournal } from "./inspect/trace_journal.ts";
import type { Accounts } from "./ledger/accounts.ts";
import { ORDER_PREFIX } from "./ledger/origin_order.ts";
import { ASSIGNED_PREFIX, BOOK_PREFIX } from "./ledger/book.ts";
import { RECORD_PREFIX, RECORDS_COUNTER_KEY } from "./routing/record_documents.ts";
import { decodeRecordDocument, type MeshRecord } from "./routing/records/mod.ts";

export interface LoadedState {
  /** Own events up to here have their destinations; nothing when no run was before. */
  readonly dispatched: number | undefined;
  readonly custody: readonly StateEntry[];
  readonly records: readonly MeshRecord[];
  /** Counter with which own records went on, if that was beyond the store's. */
  readonly recordsCounter: number | undefined;
}

/** Fills the parts that load themselves; throws for what cannot be read. */
export function loadState(
  entries: readonly StateEntry[],
  { places, accounts, trace }: { places: Places; accounts: Accounts; trace: TraceJournal },
): LoadedState {
  let dispatched: number | undefined;
  let recordsCounter: number | undefined;
  const custody: StateEntry[] = [];
  const records: MeshRecord[] = [];
  for (const entry of entries) {
    const { key, value } = entry;
    if (key === DISPATCHED_KEY) dispatched = Number(new TextDecoder().decode(value));
    else if (key === RECORDS_COUNTER_KEY) recordsCounter = Number(new TextDecoder().decode(value));
    else if (key.startsWith(`${CUSTODY_PREFIX}/`)) custody.push(entry);
    else if (key.startsWith(`${PLACE_PREFIX}/`)) places.load(key, value);
    else if (key.startsWith(`${COVERAGE_PREFIX}/`)) accounts.coverages.load(key, value);
    else if (key.startsWith(`${CLOSED_PREFIX}/`)) accounts.coverages.loadClosed(key, value);
    else if (key.startsWith(`${ORDER_PREFIX}/`)) accounts.order.load(key, value);
    else if (key.startsWith(`${ASSIGNED_PREFIX}/`)) accounts.books.loadAssigned(key, value);
    else if (key.startsWith(`${BOOK_PREFIX}/`)) accounts.books.load(key, value);
    else if (key.startsWith(`${TRACE_PREFIX}/`)) trace.load(key, value);
    else if (key.startsWith(`${RECORD_PREFIX}/`)) records.push(decodeRecordDocument(value));
  }
  return { dispatched, custody, records, recordsCounter };
}
