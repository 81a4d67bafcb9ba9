/**
 * Whether bytes that a peer calls a record are one: whoever reads it then reaches nothing outside of it. The layout is
 * that of `node/event_record.ts`; a test holds this to what that writes.
 */

const TTL_FLAG = 4;
/** Data form and time to live; what else a stored record may be marked with stays in its store. */
const FLAGS = 7;
const FIXED_BYTES = 8;
const TTL_BYTES = 8;

/** The bytes [from, to) of a view. */
export function isRecord(view: DataView, from: number, to: number): boolean {
  if (to - from < FIXED_BYTES) return false;
  const flags = view.getUint8(from);
  if ((flags & ~FLAGS) !== 0 || view.getUint8(from + 1) !== 0) return false;
  const textBytes = view.getUint32(from + 4, true);
  if (view.getUint16(from + 2, true) > textBytes) return false;
  if ((flags & TTL_FLAG) === 0) return from + FIXED_BYTES + textBytes <= to;
  if (from + FIXED_BYTES + TTL_BYTES + textBytes > to) return false;
  const ttlMs = view.getFloat64(from + FIXED_BYTES, true);
  return Number.isFinite(ttlMs) && ttlMs >= -1;
}
