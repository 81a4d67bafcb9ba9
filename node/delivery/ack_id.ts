/** The names under which pulled events are acknowledged: of one attempt at one event, and of nothing else. */

import { RefusedError } from "../errors.ts";
import type { StoredEvent } from "../event_store.ts";
import type { Delivery } from "./delivery.ts";

export interface AckId {
  readonly id: string;
  readonly position: number;
  readonly attempt: number;
  readonly mark: string | undefined;
}

/** Why an answer had no effect. */
export type StaleReason =
  /** No pull of this subscription from this log gave that ackId. */
  | "UNKNOWN"
  /** The event is no longer kept: nothing is left to be settled. */
  | "GONE"
  /** Given back or extended after its lease had ended, or once it was settled. */
  | "LEASE_OVER";

export interface StaleAckId {
  readonly ackId: string;
  readonly reason: StaleReason;
  /** For people. */
  readonly detail: string;
}

const DETAILS: Readonly<Record<StaleReason, string>> = {
  UNKNOWN: "no pull of this subscription gave it, or one from a log that a restored backup has replaced",
  GONE: "its event is no longer in the log",
  LEASE_OVER: "its lease had ended, or it was settled before",
};

/** `a<position>.<attempt>.<mark>`, numbers in base 36. `queueKey`: see `queueKeyOf()`. */
export function toAckId({ stored, attempt }: Delivery, queueKey: string): string {
  return `a${stored.position.toString(36)}.${attempt.toString(36)}.${toMark(stored, attempt, queueKey)}`;
}

/** Without a mark: made by a version that wrote none. Throws `INVALID_ACK_ID`. */
export function parseAckId(id: string): AckId {
  const match = /^a([0-9a-z]{1,11})\.([0-9a-z]{1,6})(?:\.([0-9a-z]{1,7}))?$/.exec(id);
  if (match === null) {
    throw new RefusedError(
      "INVALID_ACK_ID",
      `Cannot use ackId "${id}": it was not made by this node; send the ackId that came with the event`,
    );
  }
  const [, position, attempt, mark] = match;
  return { id, position: Number.parseInt(position, 36), attempt: Number.parseInt(attempt, 36), mark };
}

/** Whether a pull from that queue gave the event under this ackId. */
export function isAckIdOf({ position, attempt, mark }: AckId, stored: StoredEvent, queueKey: string): boolean {
  return stored.position === position && toMark(stored, attempt, queueKey) === mark;
}

export function toStale({ id }: AckId, reason: StaleReason): StaleAckId {
  return { ackId: id, reason, detail: DETAILS[reason] };
}

/**
 * 32 bits over the event's place at its origin, the attempt and the queue. A log that was restored has other events at the
 * same positions; their places differ, for an epoch is never used twice.
 */
function toMark({ origin, epoch, sequence }: StoredEvent, attempt: number, queueKey: string): string {
  let hash = withText(withText(0x811c9dc5, queueKey), origin);
  for (const number of [epoch, sequence, attempt]) {
    hash = withUnit(withUnit(hash, number >>> 0), Math.floor(number / 2 ** 32));
  }
  return (hash >>> 0).toString(36);
}

function withText(hash: number, text: string): number {
  for (let i = 0; i < text.length; i++) hash = withUnit(hash, text.charCodeAt(i));
  return withUnit(hash, 0x10000); // a unit that no string holds ends it
}

function withUnit(hash: number, unit: number): number {
  const mixed = Math.imul(hash ^ unit, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
