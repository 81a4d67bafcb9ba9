/** A block without some of its events; the others keep their positions and sequences. */

import { RecordWriter } from "../../../node/event_record.ts";
import { encodeBlockHead, type LogBlock } from "../../../node/log_block.ts";

/** @param kept indices of the events to keep, ascending */
export function rewriteBlock(block: LogBlock, kept: readonly number[]): { head: Uint8Array; body: Uint8Array } {
  const writer = new RecordWriter();
  const offsets: number[] = [];
  const hashes: number[] = [];
  for (const index of kept) {
    offsets.push(writer.length);
    hashes.push(...block.head.hashes(index, index + 1));
    writer.copy(block.recordAt(index));
  }
  const body = writer.toBytes();
  const deltas = kept.map((index) => block.head.deltaAt(index));
  // The span stays, so that the block still stands for the positions that it was written for.
  const content = { count: kept.length, offsets, hashes, deltas, span: block.head.span, body };
  return { head: encodeBlockHead(block.head, content), body };
}
