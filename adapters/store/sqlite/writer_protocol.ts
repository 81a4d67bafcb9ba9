/** What the store and the thread that writes for it say to each other. Requests are answered in order, one reply each. */

import type { RetentionRule } from "../../../node/event_store.ts";
import type { Needed } from "../needed_events.ts";
import type { RetiredTo } from "../retired_topics.ts";

export type WriterRequest = OpenRequest | CommitRequest | RetainRequest | ReclaimRequest | CloseRequest;

export interface OpenRequest {
  readonly type: "open";
  readonly file: string;
  readonly bytesMax: number;
  readonly overflow: "block" | "evict-oldest";
  readonly retention: readonly RetentionRule[];
  readonly synchronous: "full" | "off";
  readonly pagesMax: number | undefined;
  readonly wall: number;
}

export interface CommitRequest {
  readonly type: "commit";
  readonly blocks: readonly BlockRow[];
  /** Documents by key; `null` deletes. */
  readonly changes: readonly (readonly [key: string, value: Uint8Array | null])[];
  /** Clocks to write down, if it is time to. */
  readonly tick: Tick | undefined;
  /** What durable subscriptions need, when there may be events to evict. */
  readonly needed: readonly Needed[];
}

export interface RetainRequest {
  readonly type: "retain";
  /** The ageing clock now. */
  readonly age: number;
  readonly needed: readonly Needed[];
}

/** Remove what nobody needs, oldest first, until no more bytes are in use than these. */
export interface ReclaimRequest {
  readonly type: "reclaim";
  readonly usedBytes: number;
  readonly needed: readonly Needed[];
}

export interface CloseRequest {
  readonly type: "close";
  readonly tick: Tick;
}

/** A block as a row of the log. */
export interface BlockRow {
  readonly position: number;
  readonly last: number;
  readonly events: number;
  /** Wall time, never less than that of a block before it, so that it can be searched. */
  readonly wall: number;
  readonly age: number;
  readonly head: Uint8Array<ArrayBuffer>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Both clocks at one moment. */
export interface Tick {
  readonly wall: number;
  readonly age: number;
}

/** The state of the log after a request. */
export interface LogState {
  readonly tail: number;
  readonly events: number;
  readonly logBytes: number;
  readonly retired: number;
  readonly evicted: number;
  readonly documents: Readonly<Record<string, number>>;
  /** Bytes of database pages in use. */
  readonly usedBytes: number;
  /** Blocks up to this position were rewritten or removed by the request; 0: none. */
  readonly changedTo: number;
  /** How far the request retired events of a topic. */
  readonly retiredTo: RetiredTo;
}

export interface Opened {
  readonly type: "opened";
  readonly epoch: number;
  readonly storeId: string;
  readonly seed: { readonly hi: number; readonly lo: number };
  readonly opened: "created" | "reopened" | "restored";
  readonly head: number;
  /** Largest wall time of a block so far. */
  readonly wall: number;
  /** Clocks when the store was last alive. */
  readonly tick: Tick;
  readonly state: LogState;
}

export type WriterReply =
  | Opened
  | { readonly type: "done"; readonly state: LogState; /** There is more to retire. */ readonly more: boolean }
  | { readonly type: "closed" }
  | WriterFailure;

/** `full`: no room on the disk; `refused`: the file cannot be opened, the message says why; `broken`: anything else. */
export interface WriterFailure {
  readonly type: "failed";
  readonly reason: "full" | "refused" | "broken";
  readonly message: string;
}
