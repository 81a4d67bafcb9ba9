/**
 * Port: the part of a node's store that federation works on, with callbacks instead of promises, so that a simulator
 * decides when a disk answers and a run replays exactly. `adapters/` puts it over an `EventStore`.
 */

import type { Appended, AppendEntry, StateChange, StateEntry, StoredEvent, StoreIncarnation } from "../node/mod.ts";

export interface CustodyLog {
  readonly incarnation: StoreIncarnation;
  /** Position of the last durable event. */
  readonly head: number;
  /** Position of the first event still kept. */
  readonly tail: number;
  /** What is committed is synced to disk when `done` is called. */
  readonly syncsCommits: boolean;
  /** Calls back once what is committed now is synced too, or is lost only with everything else: at once where `syncsCommits`. */
  whenSynced(done: () => void): void;
  /** The store's ageing clock, ms (see `EventStore.now`). */
  now(): number;
  /** The cap, in bytes of events and what belongs to them. */
  readonly bytesMax: number;
  /** Share of the cap that is used, in 1/1000. */
  usedPermille(): number;
  /**
   * All or nothing; `done` is called once, in the order of the calls, without an error once durable. `StoreFullError`:
   * there is no room now.
   */
  commit(
    entries: readonly AppendEntry[],
    changes: readonly StateChange[],
    done: (error: unknown, appended: Appended | undefined) => void,
  ): void;
  /** Events after a position, oldest first (see `EventStore.read`). */
  read(
    options: { readonly after: number; readonly eventsMax: number; readonly bytesMax: number },
    done: (error: unknown, events: readonly StoredEvent[]) => void,
  ): void;
  /** All documents under a prefix, in key order: for the start. */
  list(prefix: string, done: (error: unknown, entries: readonly StateEntry[]) => void): void;
  /** Called after each durable append, in order, own and received events alike. */
  onAppend(listener: (events: readonly StoredEvent[]) => void): void;
}
