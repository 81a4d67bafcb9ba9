/**
 * The time to live of an event's record, read and replaced without decoding it, and whether bytes that a peer calls a
 * record are one. The layout is that of `node/event_record.ts`; a test holds this to what that writes.
 */

const TTL_FLAG = 4;
/** Data form and time to live; what else a stored record may be marked with stays in its store. */
const FLAGS = 7;
const FIXED_BYTES = 8;
const TTL_BYTES = 8;

/** Remaining age in ms; 0: it never expires. */
export function recordTtlMs(record: Uint8Array): number {
  return (record[0] & TTL_FLAG) === 0 ? 0 : viewOf(record).getFloat64(FIXED_BYTES, true);
}

/**
 * A copy that expires after `ttlMs`; 0 or less: that is over already (−1). Throws `RangeError` for a record that never
 * expires: there is no room in it.
 */
export function recordWithTtl(record: Uint8Array, ttlMs: number): Uint8Array {
  if ((record[0] & TTL_FLAG) === 0) {
    throw new RangeError(`Cannot give a record ${ttlMs} ms to live: it was written as one that never expires`);
  }
  const copy = record.slice();
  viewOf(copy).setFloat64(FIXED_BYTES, ttlMs > 0 ? ttlMs : -1, true);
  return copy;
}

/** Whether the bytes [from, to) hold together as a record: nothing that reads it then reaches outside. */
export function isRecord(view: DataView, from: number, to: number): boolean {
  if (to - from < FIXED_BYTES) return false;
  const flags = view.getUint8(from);
  if ((flags & ~FLAGS) !== 0 || view.getUint8(from + 1) !== 0) return false;
  const textBytes = view.getUint32(from + 4, true);
  if (view.getUint16(from + 2, true) > textBytes) return false;
  if ((flags & TTL_FLAG) === 0) return from + FIXED_BYTES + textBytes <= to;
  if (from + FIXED_BYTES + TTL_BYTES + textBytes > to) return false;
  const ttlMs = view.getFloat64(from + FIXED_BYTES, true);
  return Number.isSafeInteger(ttlMs) && ttlMs !== 0 && ttlMs >= -1;
}

function viewOf(record: Uint8Array): DataView {
  return new DataView(record.buffer, record.byteOffset, record.byteLength);
}
