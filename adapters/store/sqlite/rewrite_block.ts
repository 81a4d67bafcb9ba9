/** A block without some of its events; the others keep their positions and sequences. */

import { encodeBlockHead } from "../../../node/block_head.ts";
import { RecordWriter } from "../../../node/event_record.ts";
import type { LogBlock } from "../../../node/log_block.ts";

/** @param kept indices of the events to keep, ascending */
export function rewriteBlock(block: LogBlock, kept: readonly number[]): { head: Uint8Array; body: Uint8Array } {
  const writer = new RecordWriter();
  const offsets: number[] = [];
  for (const index of kept) {
    offsets.push(writer.length);
    writer.copy(block.recordAt(index));
  }
  const body = writer.toBytes();
  return { head: encodeBlockHead(block.head, { ...block.head.only(kept), offsets, body }), body };
}
