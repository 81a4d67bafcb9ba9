/**
 * Intervals as bytes: their number, then for each the gap to the one before and its length, as LEB128. In-order traffic
 * is some ten bytes.
 */

import { ByteReader, ByteWriter } from "../link/codec/mod.ts";
import { IntervalSet } from "../../node/mod.ts";

/** What a reader lets in unless it says otherwise: 1 MiB of memory. */
export const INTERVALS_MAX = 65_536;

export function encodeIntervals(set: IntervalSet): Uint8Array {
  const writer = new ByteWriter(16 + set.count * 4);
  writer.whole(set.count);
  let end = 0;
  for (const [after, to] of set) {
    writer.whole(after - end);
    writer.whole(to - after);
    end = to;
  }
  return writer.bytes.slice();
}

/** The opposite of `encodeIntervals`; `undefined` for bytes that are no such set, or one of more than `countMax` intervals. */
export function decodeIntervals(
  bytes: Uint8Array,
  options: { readonly countMax?: number } = {},
): IntervalSet | undefined {
  const reader = new ByteReader(bytes);
  const count = reader.whole();
  if (count > (options.countMax ?? INTERVALS_MAX)) return undefined;
  const set = new IntervalSet();
  let end = 0;
  for (let i = 0; i < count; i++) {
    const after = end + reader.whole();
    end = after + reader.whole();
    // Intervals that are empty, or touch, are not how a set is written.
    if (reader.failed || end === after || (i > 0 && after === set.last) || !Number.isSafeInteger(end)) return undefined;
    set.add(after, end);
  }
  return reader.failed || reader.left > 0 ? undefined : set;
}
