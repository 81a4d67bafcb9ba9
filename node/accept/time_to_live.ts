/** How long an event is worth delivering: counted down on the store's ageing clock, never by comparing wall clocks. */

import { RefusedError } from "../errors.ts";
import type { CloudEvent } from "../event.ts";
import type { StoredEvent } from "../event_store.ts";

/** The `ttlMs` of an event whose time was over when it came: it is kept, and ends expired. */
export const EXPIRED_AT_ACCEPTANCE = -1;

/** Whether the event's time is over at reading `now` of the store's ageing clock. */
export function isExpired(stored: Pick<StoredEvent, "ttlMs" | "acceptedAge">, now: number): boolean {
  return stored.ttlMs !== 0 && now - stored.acceptedAge >= stored.ttlMs;
}

/**
 * The remaining age at acceptance in ms, 0 for none: the extension `expirytime` (RFC 3339) or what the publisher asked for
 * (`ttlMs`), the smaller of the two. `wall` gives ms since 1970. Throws `INVALID_ATTRIBUTE` for an `expirytime` that is no time.
 */
export function remainingAgeMs(event: CloudEvent, options: { ttlMs?: number; wall: () => number }): number {
  const { expirytime } = event.attributes;
  if (expirytime === undefined && options.ttlMs === undefined) return 0;
  const untilExpiry = expirytime === undefined ? Infinity : timeOf(expirytime) - options.wall();
  const remaining = Math.floor(Math.min(untilExpiry, options.ttlMs ?? Infinity));
  return remaining <= 0 ? EXPIRED_AT_ACCEPTANCE : remaining;
}

function timeOf(expirytime: unknown): number {
  const text = String(expirytime);
  const time = /^\d{4}-\d{2}-\d{2}[Tt]/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(time)) return time;
  throw new RefusedError(
    "INVALID_ATTRIBUTE",
    `Cannot accept event: attribute "expirytime" is "${text}", which is no RFC 3339 time such as 2026-01-31T12:00:00Z`,
    { attribute: "expirytime" },
  );
}
