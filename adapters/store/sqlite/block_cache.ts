/** Blocks in memory: the newest ones, and the few that were last read from the disk. */

import type { LogBlock } from "../../../node/log_block.ts";

/** Blocks from the disk that are kept: readers that lag take a block in several reads. */
const RECENT_MAX = 8;

/**
 * Bounded in bytes of blocks; where late readers have had events decoded these take some three times as much. The newest blocks are
 * without gaps, so that a position past the first of them is there or is not in the log.
 */
export class BlockCache {
  readonly #bytesMax: number;
  #newest: LogBlock[] = [];
  #first = 0; // index in #newest of the oldest block still kept
  #bytes = 0;
  #recent: LogBlock[] = []; // last used first

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The block with a position, or the next one after it; `undefined`: look on the disk. */
  find(position: number): LogBlock | undefined {
    const oldest = this.#newest[this.#first];
    if (oldest !== undefined && position >= oldest.head.firstPosition) return this.#findNewest(position);
    const at = this.#recent.findIndex(({ head }) => head.firstPosition <= position && position <= head.lastPosition);
    if (at < 0) return undefined;
    const [block] = this.#recent.splice(at, 1);
    this.#recent.unshift(block);
    return block;
  }

  /** Adds a block that was just written, behind all others. */
  push(block: LogBlock): void {
    this.#newest.push(block);
    this.#bytes += block.bytes;
    while (this.#bytes > this.#bytesMax && this.#first < this.#newest.length) this.#forgetOldest();
    if (this.#first > 64 && this.#first * 2 > this.#newest.length) {
      this.#newest = this.#newest.slice(this.#first);
      this.#first = 0;
    }
  }

  /** Adds a block that was read from the disk. */
  remember(block: LogBlock): void {
    this.#recent.unshift(block);
    this.#recent.length = Math.min(this.#recent.length, RECENT_MAX);
  }

  /** Forgets blocks up to a position: they are no longer on the disk as they were. */
  dropTo(position: number): void {
    while (this.#first < this.#newest.length && this.#newest[this.#first].head.firstPosition <= position) {
      this.#forgetOldest();
    }
    this.#recent = this.#recent.filter(({ head }) => head.firstPosition > position);
  }

  #findNewest(position: number): LogBlock | undefined {
    let low = this.#first;
    let high = this.#newest.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#newest[middle].head.lastPosition < position) low = middle + 1;
      else high = middle;
    }
    return this.#newest[low];
  }

  #forgetOldest(): void {
    this.#bytes -= this.#newest[this.#first].bytes;
    this.#newest[this.#first++] = undefined as unknown as LogBlock; // lets go of the memory before the array is cut
  }
}
