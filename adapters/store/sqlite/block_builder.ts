/** Collects events into the block that they will be written as. */

import { isSameAudience } from "../../../node/audience.ts";
import { type BlockIdentity, encodeBlockHead } from "../../../node/block_head.ts";
import type { AppendEntry, Audience, EventOrigin } from "../../../node/event_store.ts";
import { RecordWriter } from "../../../node/event_record.ts";
import type { IdHash } from "../../../node/id_hash.ts";
import { LogBlock } from "../../../node/log_block.ts";
import { GivenRecords } from "./given_records.ts";

/** A block is closed at either; a single larger event has a block to itself. Keeps reading one event cheap. */
const BLOCK_EVENTS_MAX = 1000;
const BLOCK_BYTES_MAX = 1024 * 1024;
/** Different audiences in a block: so few that looking for one is cheap. */
const AUDIENCES_MAX = 64;
/** Sequences behind the first one that a column of the index can hold. */
const SEQUENCES_MAX = 2 ** 32;
/** Buffers begin small, for there may be a block for each origin of a commit; those of a block that is filled are used again. */
const BUFFER_BYTES = 8 * 1024;

export class BlockBuilder {
  readonly #writer = new RecordWriter(BUFFER_BYTES);
  /** A block has either encoded events or given records. */
  readonly #given = new GivenRecords();
  readonly #offsets = new Uint32Array(BLOCK_EVENTS_MAX);
  readonly #hashes = new Uint32Array(2 * BLOCK_EVENTS_MAX);
  #decoded: (AppendEntry | undefined)[] = [];
  #origin: EventOrigin | undefined;
  readonly #sequences: number[] = [];
  #audiences: Audience[] = [];
  #numbers: number[] = [];

  get count(): number {
    return this.#decoded.length;
  }

  get bytes(): number {
    return this.#writer.length + this.#given.bytes;
  }

  /** Where its events were accepted, with the sequence of the first; `undefined`: here, now. */
  get origin(): EventOrigin | undefined {
    return this.#origin;
  }

  /** Whether an event may become the next one of the block. */
  takes({ record, origin, audience = "everybody" }: AppendEntry): boolean {
    if (this.count === 0) return true;
    if (this.count >= BLOCK_EVENTS_MAX || this.bytes >= BLOCK_BYTES_MAX) return false;
    if (record === undefined ? this.#given.count > 0 : this.#given.count === 0 || !this.#given.takes(record)) {
      return false;
    }
    if (origin?.cluster !== this.#origin?.cluster || origin?.epoch !== this.#origin?.epoch) return false;
    if (origin !== undefined) {
      const delta = origin.sequence - this.#origin!.sequence;
      if (delta < 0 || delta >= SEQUENCES_MAX) return false;
    }
    return this.#audiences.length < AUDIENCES_MAX || audience === "everybody" || this.#numberOf(audience) > 0;
  }

  /** Throws `RangeError`, and adds nothing, if the event is larger than a record can be. */
  add(entry: AppendEntry, hash: IdHash): void {
    const at = this.count;
    this.#offsets[at] = this.bytes;
    this.#hashes[2 * at] = hash.hi;
    this.#hashes[2 * at + 1] = hash.lo;
    const { record, origin, audience = "everybody" } = entry;
    if (record === undefined) this.#writer.write(entry);
    else this.#given.add(record);
    if (at === 0) this.#origin = origin;
    if (origin !== undefined) this.#sequences.push(origin.sequence - this.#origin!.sequence);
    if (audience !== "everybody") this.#note(audience, at);
    // Who gives a record has not decoded the event: neither does the store.
    this.#decoded.push(record === undefined ? entry : undefined);
  }

  /**
   * The block as bytes to be written and as what readers get, which share nothing; the builder is empty again. Head and
   * body to be written lie in one buffer, so that one transfer passes them on. What readers get may lie in what the records
   * were given in.
   */
  finish(identity: BlockIdentity): { head: Uint8Array<ArrayBuffer>; body: Uint8Array<ArrayBuffer>; block: LogBlock } {
    const body = this.#given.count > 0 ? this.#given.toBody() : this.#writer.toBytes();
    const head = encodeBlockHead(identity, {
      count: this.count,
      span: this.count,
      offsets: this.#offsets,
      hashes: this.#hashes,
      sequences: this.#sequences.every((delta, i) => delta === i) ? undefined : this.#sequences,
      audiences: this.#audiences.length === 0 ? undefined : { list: this.#audiences, numbers: this.#allNumbers() },
      body,
    });
    const block = new LogBlock(head, body, this.#decoded);
    const written = new Uint8Array(head.length + body.length);
    written.set(head);
    written.set(body, head.length);
    this.#clear();
    return { head: written.subarray(0, head.length), body: written.subarray(head.length), block };
  }

  #note(audience: Audience, at: number): void {
    let number = this.#numberOf(audience);
    if (number === 0) number = this.#audiences.push(audience);
    for (let i = this.#numbers.length; i < at; i++) this.#numbers.push(0);
    this.#numbers.push(number);
  }

  /** Place of an audience in the list, counted from 1; 0 if it is not there. The last ones first: they come in runs. */
  #numberOf(audience: Audience): number {
    for (let i = this.#audiences.length; i > 0; i--) if (isSameAudience(this.#audiences[i - 1], audience)) return i;
    return 0;
  }

  #allNumbers(): number[] {
    for (let i = this.#numbers.length; i < this.count; i++) this.#numbers.push(0);
    return this.#numbers;
  }

  #clear(): void {
    this.#writer.clear();
    this.#given.clear();
    this.#decoded = [];
    this.#origin = undefined;
    this.#sequences.length = 0;
    this.#audiences = [];
    this.#numbers = [];
  }
}
