/** An event that a queue has taken from the log and not settled. */

import type { StoredEvent } from "../event_store.ts";
import type { QueueState, TriedEntry } from "./queue_state.ts";

/** An event that waits longer than this is not kept in memory. */
export const HOLD_MS = 5_000;
/** An event whose end could not be written is tried again after this. */
export const REOPEN_MS = 1000;

export interface OpenEvent {
  readonly position: number;
  /** Times it was handed to a member, the present one included. */
  attempts: number;
  /** Age clock before which it is not handed out, in ms. */
  notBefore: number;
  /** Ordering key, in an ordered queue. */
  key: string | undefined;
  /** Dropped while the event waits long or memory is short; read again when due. */
  stored: StoredEvent | undefined;
  /**
   * `held`: events that its origin published before it are under way; `blocked`: behind another event of its key; `taken`:
   * with a member; `settling`: its end is being written.
   */
  state: "waiting" | "ready" | "held" | "blocked" | "taken" | "settling";
  /** Age clock at which a taken event comes back by itself; `Infinity` for a member that always answers. */
  deadline: number;
}

export function newOpenEvent({ position, attempts, notBefore }: TriedEntry): OpenEvent {
  return { position, attempts, notBefore, key: undefined, stored: undefined, state: "waiting", deadline: Infinity };
}

/** Whether a member has the event of that attempt now: an answer to an older one does not count. */
export function isWithMember(entry: Readonly<OpenEvent> | undefined, attempt: number): boolean {
  return entry?.state === "taken" && entry.attempts === attempt;
}

/** The durable form: an attempt that is under way has not failed yet, so a kill does not count it. */
export function toQueueState(
  open: readonly OpenEvent[],
  rest: Pick<QueueState, "scanned" | "ahead" | "counts">,
): QueueState {
  const fresh: number[] = [];
  const tried: TriedEntry[] = [];
  for (const entry of open) {
    const attempts = entry.state === "taken" ? entry.attempts - 1 : entry.attempts;
    if (attempts === 0) fresh.push(entry.position);
    else tried.push({ position: entry.position, attempts, notBefore: entry.notBefore });
  }
  return { ...rest, fresh: fresh.sort((a, b) => a - b), tried };
}
