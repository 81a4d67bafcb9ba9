/** The log as readers see it: memory first, then the disk, and nothing that is not known to be durable. */

import { StoreFailedError } from "../../../node/errors.ts";
import type { RecentIds, StateEntry, StoredEvent } from "../../../node/event_store.ts";
import type { LogBlock } from "../../../node/log_block.ts";
import { BlockCache } from "./block_cache.ts";
import { LogReader } from "./log_reader.ts";
import { isDamaged, messageOf } from "./sqlite_errors.ts";

/** Every method throws `StoreFailedError` if the file cannot be read or is damaged where it was looked at. */
export class StoredLog {
  readonly #file: string;
  readonly #reader: LogReader;
  readonly #cache: BlockCache;
  #head: number;

  constructor(file: string, options: { cacheBytesMax: number; head: number }) {
    this.#file = file;
    this.#head = options.head;
    this.#cache = new BlockCache(options.cacheBytesMax);
    this.#reader = new LogReader(file);
  }

  /** Position of the last event that is known to be durable. */
  get head(): number {
    return this.#head;
  }

  /** A block was made durable behind all others. */
  push(block: LogBlock): void {
    this.#head = block.head.lastPosition;
    this.#cache.push(block);
  }

  /** Blocks up to a position are on the disk otherwise than they were. */
  dropTo(position: number): void {
    this.#cache.dropTo(position);
  }

  read(options: { after: number; eventsMax: number; bytesMax: number }): StoredEvent[] {
    const events: StoredEvent[] = [];
    let bytes = 0;
    const hasRoom = () => events.length < options.eventsMax && (events.length === 0 || bytes < options.bytesMax);
    for (let next = options.after + 1; hasRoom();) {
      const block = this.#find(next);
      if (block === undefined) break;
      for (let i = block.head.indexFrom(next); i < block.head.count && hasRoom(); i++) {
        const event = block.eventAt(i);
        events.push(event);
        bytes += event.bytes;
      }
      next = block.head.lastPosition + 1;
    }
    return events;
  }

  get(position: number): StoredEvent | undefined {
    const block = this.#find(position);
    const index = block?.head.indexFrom(position) ?? 0;
    if (block === undefined || index >= block.head.count) return undefined;
    const event = block.eventAt(index);
    return event.position === position ? event : undefined;
  }

  positionAt(timeMs: number): number {
    return this.#guard(() => this.#reader.positionAt(timeMs, this.#head)) ?? this.#head + 1;
  }

  readState(key: string): Uint8Array | undefined {
    return this.#guard(() => this.#reader.readState(key));
  }

  listState(options: { prefix: string; after?: string; limit: number }): StateEntry[] {
    return this.#guard(() => this.#reader.listState(options));
  }

  *recentIds({ idsMax, ageMin }: { idsMax: number; ageMin: number }): Generator<RecentIds> {
    const end = this.#head;
    let next = this.#guard(() => this.#reader.startOfRecent({ head: end, eventsMax: idsMax, ageMin }));
    while (next <= end) {
      const heads = this.#guard(() => this.#reader.heads(next));
      if (heads.length === 0) return;
      for (const head of heads) {
        for (const [from, to] of head.runs()) {
          const position = head.firstPosition + head.deltaAt(from);
          yield { position, count: to - from, hashes: head.hashes(from, to), acceptedAge: head.acceptedAge };
        }
        next = head.lastPosition + 1;
      }
    }
  }

  close(): void {
    this.#reader.close();
  }

  #find(position: number): LogBlock | undefined {
    if (position > this.#head) return undefined;
    const cached = this.#cache.find(position);
    if (cached !== undefined) return cached;
    const block = this.#guard(() => this.#reader.find(position));
    // The thread that writes may have written more than it has told yet.
    if (block === undefined || block.head.firstPosition > this.#head) return undefined;
    this.#cache.remember(block);
    return block;
  }

  #guard<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      const way = isDamaged(error) ? 'restore a backup with "weft restore"' : "check the disk";
      throw new StoreFailedError(`Cannot read store "${this.#file}": ${messageOf(error)}; ${way}`, { cause: error });
    }
  }
}
