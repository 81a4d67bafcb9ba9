/** Events of records, decoded once for all clusters that hold the same bytes. */

import { crc32 } from "node:zlib";

import { type CloudEvent, recordEvent } from "../../node/mod.ts";
import { isSameBytes } from "./same_bytes.ts";

interface Known {
  readonly record: Uint8Array;
  readonly event: CloudEvent;
}

/** Far more than are under way at once. */
const KNOWN_MAX = 8192;

const known = new Map<number, Known>();

/** What is in a record. Two that differ in a single byte are two events. */
export function eventOf(record: Uint8Array): CloudEvent {
  const sum = crc32(record);
  const before = known.get(sum);
  if (before !== undefined && isSameBytes(before.record, record)) return before.event;
  if (known.size >= KNOWN_MAX) known.clear();
  const event = recordEvent(record);
  known.set(sum, { record, event });
  return event;
}
