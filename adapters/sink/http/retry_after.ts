/** The `Retry-After` header (RFC 9110 §10.2.3). */

// A sink that names a year would hold its events for a year; after a day it is asked again.
const retryAfterMaxMs = 86_400_000;

/**
 * How long to wait, in ms: from seconds or an HTTP-date, at least 0, at most a day; `undefined` if there is no readable
 * value. `wallMs`: ms since 1970.
 */
export function parseRetryAfterMs(value: string | null, wallMs: number): number | undefined {
  if (value === null) return undefined;
  const text = value.trim();
  const delayMs = /^\d+$/.test(text) ? Number(text) * 1000 : parseHttpDate(text) - wallMs;
  return Number.isNaN(delayMs) ? undefined : Math.min(Math.max(0, delayMs), retryAfterMaxMs);
}

/** NaN unless `text` is in one of the forms of an HTTP-date, which all name a weekday first. */
function parseHttpDate(text: string): number {
  return /^(mon|tue|wed|thu|fri|sat|sun)/i.test(text) ? Date.parse(text) : NaN;
}
