/** What a record database works with, and what it counts. */

import type { World } from "../../world.ts";

import type { InstalledRecord, MeshRecord, RecordKey } from "./mesh_record.ts";
import type { RecordsNotice } from "./notices.ts";

export interface RecordsParts {
  readonly world: World;
  /** Name of this cluster. */
  readonly self: string;
  /** Epoch of this run. */
  readonly epoch: number;
  /** To an adjacency; may be lost. */
  send(peer: string, payload: Uint8Array): void;
  /**
   * Makes records of kind `interest` durable, all or nothing; topology comes back by exchange. One call at a time; `done`
   * is called once, without an error once durable. After an error the same is asked again.
   */
  persist(records: readonly MeshRecord[], removed: readonly RecordKey[], done: (error: unknown) => void): void;
  /** New versions, own ones too, withdrawals (empty body) too; after `persist` where it applies. */
  onInstalled(records: readonly InstalledRecord[]): void;
  /** Records whose life ended, as they stood. */
  onPurged(records: readonly MeshRecord[]): void;
  onNotice(notice: RecordsNotice): void;
  /** Own records count further than the store does: to be kept, and given to `startAfter()` in the next run. */
  onCounter?(counter: number): void;
  /** `synced(peer)` became true. */
  onSynced?(peer: string): void;
}

/** What a database did since it was made, and what it holds. */
export interface RecordsCounts {
  readonly records: number;
  readonly origins: number;
  readonly bytes: number;
  readonly messagesReceived: number;
  readonly messagesSent: number;
  /** Messages and records that were not read or not taken, because of their form or of a bound. */
  readonly refused: number;
  /** Records that came again, and older ones. */
  readonly repeats: number;
  readonly older: number;
  readonly installed: number;
  readonly conflicts: number;
  readonly retransmitted: number;
  readonly walks: number;
  readonly purged: number;
  readonly epochJumps: number;
}
