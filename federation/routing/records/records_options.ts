/** What can be set at a record database, and its defaults. */

import type { SealedRecord } from "./sealed_record.ts";

export interface RecordsOptions {
  /** Records in all; more from peers are refused. Bounds memory. */
  readonly recordsMax: number;
  /** Clusters with records. */
  readonly originsMax: number;
  /** Bytes of all records. */
  readonly bytesMax: number;
  /** Time between two sendings to peers: higher saves messages in a burst and slows each hop. The first goes out at once. */
  readonly coalesceMs: number;
  /** Size at which a message is closed; one record or bucket that is larger travels alone. */
  readonly messageBytes: number;
  /** Unacknowledged bytes per peer. Higher fills long fast links, and a slow peer's memory. */
  readonly windowBytes: number;
  /** Bytes of keys that one round of a comparison lists. */
  readonly roundBytes: number;
  /** Time until a record is sent again before a round trip was measured, and its bounds. */
  readonly rtoMs: number;
  readonly rtoMsMin: number;
  readonly rtoMsMax: number;
  /** How long root hashes must differ before databases are compared: longer than flooding takes. */
  readonly mismatchMs: number;
  /** Time between comparisons that roots ask for; doubles up to the second while they bring nothing. */
  readonly walkPauseMs: number;
  readonly walkPauseMsMax: number;
  /** Records with less to live are not handed out in a comparison, or they would come back where clocks run faster. */
  readonly handOutMsMin: number;
  /** After the first record of a kind, own records of earlier epochs that were not written anew are withdrawn. */
  readonly orphanGraceMs: number;
  /** How long the tombstones of a forgotten cluster are kept at least: longer than any copy lives. */
  readonly forgetMs: number;
  /** Time between two epoch jumps; doubles up to the second, so that two clusters of one name do not race. */
  readonly jumpPauseMs: number;
  readonly jumpPauseMsMax: number;
  /** Time after which a failed `persist` is tried again. */
  readonly persistRetryMs: number;
  /** Called with each new record; many databases in one process may answer an equal one that they share. */
  readonly share: (sealed: SealedRecord) => SealedRecord;
}

export const DEFAULT_RECORDS_OPTIONS: RecordsOptions = {
  recordsMax: 65_536,
  originsMax: 4096,
  bytesMax: 256 * 1024 * 1024,
  coalesceMs: 10,
  messageBytes: 32 * 1024,
  windowBytes: 256 * 1024,
  roundBytes: 256 * 1024,
  rtoMs: 300,
  rtoMsMin: 50,
  rtoMsMax: 5000,
  mismatchMs: 2000,
  walkPauseMs: 5000,
  walkPauseMsMax: 60_000,
  handOutMsMin: 2000,
  orphanGraceMs: 30_000,
  forgetMs: 72 * 3_600_000,
  jumpPauseMs: 1000,
  jumpPauseMsMax: 60_000,
  persistRetryMs: 1000,
  share: (sealed) => sealed,
};
