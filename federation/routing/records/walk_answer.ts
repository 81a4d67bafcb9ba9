/** The other side of a walk: the keys of the records in buckets whose sums differ, no more than a round's worth at a time. */

import type { Slot } from "./kind_records.ts";
import { listedBytes, type ListedKey, MASK_BYTES } from "./db_message.ts";
import type { MessageWriter } from "./message_writer.ts";
import type { RecordsOptions } from "./records_options.ts";
import type { RecordTable } from "./record_table.ts";
import { BUCKETS } from "./sealed_record.ts";

export interface WalkQuestion {
  readonly walk: number;
  /** A bit per bucket. */
  readonly asked: Uint8Array;
  /** The asker's sums (see `RecordTable.sums`). */
  readonly sums: Readonly<Uint32Array>;
}

/** Writes the answer, in as many parts as it takes; a bucket is never divided between rounds. */
export function answerWalk(
  table: RecordTable,
  question: WalkQuestion,
  writer: MessageWriter,
  options: RecordsOptions & { readonly now: number },
): void {
  const buckets = differingBuckets(table, question);
  for (const slot of table.slots()) {
    if (slot.current === undefined || slot.expiresAt - options.now < options.handOutMsMin) continue;
    buckets.get(slot.current.bucket)?.push(slot);
  }
  const left = new Uint8Array(MASK_BYTES);
  const parts: ListedKey[][] = [[]];
  let bytes = 0;
  let partBytes = 0;
  for (const [bucket, slots] of buckets) {
    if (bytes >= options.roundBytes) {
      left[bucket >> 3] |= 1 << (bucket & 7);
      continue;
    }
    for (const slot of slots) {
      const keyBytes = listedBytes(slot);
      if (partBytes + keyBytes > options.messageBytes) {
        parts.push([]);
        partBytes = 0;
      }
      parts[parts.length - 1].push(toListedKey(slot));
      partBytes += keyBytes;
      bytes += keyBytes;
    }
  }
  parts.forEach((keys, part) => writer.keys({ walk: question.walk, part, parts: parts.length, left, keys }));
}

function differingBuckets(table: RecordTable, { asked, sums }: WalkQuestion): Map<number, Slot[]> {
  const buckets = new Map<number, Slot[]>();
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    if ((asked[bucket >> 3] & (1 << (bucket & 7))) === 0) continue;
    const same = sums[2 * bucket] === table.sums[2 * bucket] && sums[2 * bucket + 1] === table.sums[2 * bucket + 1];
    if (!same) buckets.set(bucket, []);
  }
  return buckets;
}

function toListedKey({ origin, kind, shard, current }: Slot): ListedKey {
  const { epoch, version, hash } = current!;
  return { origin, kind, shard, epoch, version, hashLow: hash.low };
}
