/** Port: what federation asks of the node that it belongs to. */

import type { CloudEvent, IdHash, StoredEvent } from "../node/mod.ts";

/** An event that came over a link for this cluster. */
export interface Arrival {
  readonly origin: string;
  readonly epoch: number;
  readonly sequence: number;
  /** As `encodeRecord()` writes it. */
  readonly record: Uint8Array;
  /** Filled in by who judges, where the store knows events by such a hash. */
  idHash?: IdHash;
  /** Decoded when it is first asked for: better look at the record where that is enough. */
  readonly event: CloudEvent;
}

/**
 * A part of a subscription's filter that travels with its interest, so that links carry only what is wanted. What it
 * lets through may still be refused by the whole filter at home; what it stops is never wanted there.
 */
export interface TravellingFilter {
  readonly types?: readonly string[];
  readonly source?: string;
  /** Attribute values that must be equal, and beginnings that values must have. All must hold. */
  readonly exact?: Readonly<Record<string, string>>;
  readonly prefix?: Readonly<Record<string, string>>;
}

/** One thing that this cluster's subscribers want. Equal wants are listed once. */
export interface Want {
  /** A pattern; never one of `weft-system.>`. */
  readonly pattern: string;
  readonly filter?: TravellingFilter;
  /** Competing consumers; the whole filter then is in `groupKey`. */
  readonly group?: string;
  /** Identity of a group's definition: name + hash of pattern and filters. */
  readonly groupKey?: string;
  /** A durable subscription is behind it: it outlives its subscriber and is held while this cluster cannot be reached. */
  readonly durable: boolean;
}

/** Someone's answer to "did you see this source and id before?" */
export type Verdict = "new" | "repeat";

export interface LocalCluster {
  readonly node: string;
  readonly cluster: string;
  /** Wants of scope `mesh`. */
  wants(): readonly Want[];
  /** Whether the group has a member here, connected or not. */
  hasMember(group: string): boolean;
  /** Calls `listener` after each change of `wants()`. */
  watchWants(listener: () => void): void;
  /**
   * Whether an event that arrives for this cluster repeats a (source, id) of the publish window that came under another
   * origin or sequence. `done` is called once, at once where nothing has to be read. Until it calls `settle`, once what
   * it got is stored or given up, publishers of the same (source, id) wait.
   */
  judge(arrivals: readonly Arrival[], done: (verdicts: readonly Verdict[], settle?: () => void) => void): void;
  /** Whether a stored own event may leave this cluster at all (`weft-system.>` may not). */
  travels(event: Pick<StoredEvent, "topic">): boolean;
}
