/** Collects events into the block that they will be written as. */

import type { AppendEntry } from "../../../node/event_store.ts";
import { RecordWriter } from "../../../node/event_record.ts";
import type { IdHash } from "../../../node/id_hash.ts";
import { type BlockIdentity, encodeBlockHead, LogBlock } from "../../../node/log_block.ts";

/** A block is closed at either; a single larger event has a block to itself. Keeps reading one event cheap. */
const BLOCK_EVENTS_MAX = 1000;
const BLOCK_BYTES_MAX = 1024 * 1024;

export class BlockBuilder {
  readonly #writer = new RecordWriter();
  readonly #offsets = new Uint32Array(BLOCK_EVENTS_MAX);
  readonly #hashes = new Uint32Array(2 * BLOCK_EVENTS_MAX);
  #entries: AppendEntry[] = [];

  get count(): number {
    return this.#entries.length;
  }

  get bytes(): number {
    return this.#writer.length;
  }

  get full(): boolean {
    return this.count >= BLOCK_EVENTS_MAX || this.bytes >= BLOCK_BYTES_MAX;
  }

  /** Throws `RangeError`, and adds nothing, if the event is larger than a record can be. */
  add(entry: AppendEntry, hash: IdHash): void {
    const at = this.count;
    this.#offsets[at] = this.#writer.length;
    this.#hashes[2 * at] = hash.hi;
    this.#hashes[2 * at + 1] = hash.lo;
    this.#writer.write(entry);
    this.#entries.push(entry);
  }

  /**
   * The block as bytes to be written and as what readers get, which share nothing; the builder is empty again. Head and
   * body to be written lie in one buffer, so that one transfer passes them on.
   */
  finish(identity: BlockIdentity): { head: Uint8Array<ArrayBuffer>; body: Uint8Array<ArrayBuffer>; block: LogBlock } {
    const body = this.#writer.toBytes();
    const content = { count: this.count, span: this.count, offsets: this.#offsets, hashes: this.#hashes, body };
    const head = encodeBlockHead(identity, content);
    const block = new LogBlock(head, body, this.#entries);
    const written = new Uint8Array(head.length + body.length);
    written.set(head);
    written.set(body, head.length);
    this.#writer.clear();
    this.#entries = [];
    return { head: written.subarray(0, head.length), body: written.subarray(head.length), block };
  }
}
