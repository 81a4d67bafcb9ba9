/** What the SQLite store can be told, with its defaults. */

import type { Clock } from "../../../node/clock.ts";
import { systemClock } from "../../../node/clock.ts";
import type { StoreFailedError } from "../../../node/errors.ts";
import type { RetentionRule } from "../../../node/event_store.ts";

export interface SqliteStoreOptions {
  /** Folder of the database; made if it is not there. */
  readonly dataDir: string;
  /** Name of the cluster, written as the origin of what is accepted here. */
  readonly cluster: string;
  /** Cap on the store's files in bytes. Default 10 GiB. */
  readonly bytesMax?: number;
  /**
   * At the cap, when all that is left is needed by durable subscriptions: `block` refuses events until there is room again
   * (nothing is lost), `evict-oldest` drops the oldest ones. Default `block`.
   */
  readonly overflow?: "block" | "evict-oldest";
  /** How long events are kept; the first rule whose pattern fits holds. Default: until the cap. */
  readonly retention?: readonly RetentionRule[];
  /** How often retention looks, in ms. Lower frees room sooner and wakes an idle node more often. Default 1,000. */
  readonly retentionIntervalMs?: number;
  /** Bytes of the newest blocks kept in memory, so that readers who keep up never touch the disk. Default 8 MiB. */
  readonly cacheBytesMax?: number;
  /** Told once why the store can write no more; all that it is asked to write from then on is refused with that. */
  readonly onFailure?: (error: StoreFailedError) => void;
  readonly clock?: Clock;
  /**
   * `off` does not wait for the disk: what was acknowledged may be lost with the machine's power. For tests and for
   * measuring what durability costs. Default `full`.
   */
  readonly synchronous?: "full" | "off";
  /** Database pages at most, as if the disk were full beyond them (tests). Default: none. */
  readonly pagesMax?: number;
}

export type ResolvedSqliteStoreOptions = Required<Omit<SqliteStoreOptions, "pagesMax">> & {
  readonly pagesMax?: number;
};

export function resolveOptions(options: SqliteStoreOptions): ResolvedSqliteStoreOptions {
  return {
    ...options,
    bytesMax: options.bytesMax ?? 10 * 1024 ** 3,
    overflow: options.overflow ?? "block",
    retention: options.retention ?? [],
    retentionIntervalMs: options.retentionIntervalMs ?? 1000,
    cacheBytesMax: options.cacheBytesMax ?? 8 * 1024 * 1024,
    onFailure: options.onFailure ?? (() => undefined),
    clock: options.clock ?? systemClock,
    synchronous: options.synchronous ?? "full",
  };
}

/** Names of the files of a store in its folder. */
export const DATABASE_FILE = "weft.db";
export const LOCK_FILE = "weft.lock";
export const OWNER_FILE = "weft.pid";

/**
 * Bytes that the write-ahead log may take of the cap: longer means fewer checkpoints, shorter leaves more room for events.
 * A sixteenth of the cap, between 256 KiB and 8 MiB: a checkpoint, made at the half of it, holds commits up for some 10 ms.
 */
export function walBytesMax(bytesMax: number): number {
  return Math.min(8 * 1024 * 1024, Math.max(256 * 1024, Math.floor(bytesMax / 16)));
}

/** Bytes that a block costs beside its own: the row, and on average half of its last page. */
export const BLOCK_OVERHEAD_BYTES = 2500;
