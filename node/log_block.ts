/**
 * A block: events of one commit or frame that share their origin and epoch, as bytes. A head that can be read alone
 * (identity, ages, an index: `block_head.ts`), and a body of records (`event_record.ts`), one behind the other.
 */

import { crc32 } from "node:zlib";

import { BlockHead, damaged } from "./block_head.ts";
import type { CloudEvent } from "./event.ts";
import type { AppendEntry, Audience, StoredEvent } from "./event_store.ts";
import { recordEvent, recordTopic, recordTtlMs } from "./event_record.ts";
import type { IdHash } from "./id_hash.ts";

/** What an event was encoded from. */
type Encoded = Pick<AppendEntry, "topic" | "event">;

/** A block with its events, each decoded when it is first looked at and then kept as long as the block is. */
export class LogBlock {
  readonly head: BlockHead;
  /** Bytes of head and body. */
  readonly bytes: number;
  readonly #body: Uint8Array;
  #decoded: readonly (Encoded | undefined)[] | undefined;
  #events: (BlockEvent | undefined)[];

  /**
   * Throws `DamagedBlockError` if the body is not the one that the head was written for. Who has just encoded the events
   * passes them as `decoded`, so that nobody decodes them again.
   */
  constructor(head: Uint8Array, body: Uint8Array, decoded?: readonly (Encoded | undefined)[]) {
    this.head = new BlockHead(head);
    if (body.length !== this.head.bodyBytes) throw damaged(`${body.length} bytes instead of ${this.head.bodyBytes}`);
    if (crc32(body) !== this.head.bodyCrc) throw damaged("its checksum differs");
    this.#body = body;
    this.#decoded = decoded;
    this.#events = new Array(this.head.count);
    this.bytes = head.length + body.length;
  }

  /**
   * Lets go of the events: decoded ones take several times the memory of their bytes. Who holds one keeps it; who asks
   * again gets another object.
   */
  forgetEvents(): void {
    this.#decoded = undefined;
    this.#events = [];
  }

  /** The event at an index (0 … count−1), the same object until `forgetEvents()`. */
  eventAt(index: number): StoredEvent {
    return this.#events[index] ??= new BlockEvent(this, index, this.#decoded?.[index]);
  }

  /** Topic and time to live are read in the body itself: a view of each record would cost more than they do. */
  topicAt(index: number): string {
    return recordTopic(this.#body, this.head.offsetAt(index));
  }

  ttlMsAt(index: number): number {
    return recordTtlMs(this.#body, this.head.offsetAt(index));
  }

  recordAt(index: number): Uint8Array {
    return this.#body.subarray(this.head.offsetAt(index), this.head.offsetAt(index + 1));
  }
}

class BlockEvent implements StoredEvent {
  readonly position: number;
  readonly #block: LogBlock;
  readonly #index: number;
  #topic: string | undefined;
  #event: CloudEvent | undefined;

  constructor(block: LogBlock, index: number, decoded: Encoded | undefined) {
    this.#block = block;
    this.#index = index;
    this.#topic = decoded?.topic;
    this.#event = decoded?.event;
    this.position = block.head.firstPosition + block.head.deltaAt(index);
  }

  get topic(): string {
    return this.#topic ??= this.#block.topicAt(this.#index);
  }

  get event(): CloudEvent {
    return this.#event ??= recordEvent(this.record);
  }

  get origin(): string {
    return this.#block.head.origin;
  }

  get epoch(): number {
    return this.#block.head.epoch;
  }

  get sequence(): number {
    return this.#block.head.sequenceAt(this.#index);
  }

  get acceptedAt(): number {
    return this.#block.head.acceptedAt;
  }

  get acceptedAge(): number {
    return this.#block.head.acceptedAge;
  }

  get ttlMs(): number {
    return this.#block.ttlMsAt(this.#index);
  }

  get idHash(): IdHash {
    return this.#block.head.hashAt(this.#index);
  }

  get audience(): Audience {
    return this.#block.head.audienceAt(this.#index);
  }

  /** Made when it is asked for: most events pass nobody who wants their bytes. */
  get record(): Uint8Array {
    return this.#block.recordAt(this.#index);
  }

  get bytes(): number {
    const { head } = this.#block;
    return head.offsetAt(this.#index + 1) - head.offsetAt(this.#index);
  }

  get page(): { readonly bytes: number } {
    return this.#block;
  }
}
