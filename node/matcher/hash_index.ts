/** A map from 31-bit hashes to integers that grows a page at a time (extendible hashing), so that no operation stalls. */

import { HOME_BITS, PAGE_ENTRIES_MAX, PAGE_SLOTS, PAGE_WORDS, type PagePool } from "./page_pool.ts";

/** Bits of a hash: non-negative 32-bit integers are the fast ones in both engines. */
export const HASH_BITS = 31;
/** At this depth the remaining bits are the home slot itself, so that a page cannot overflow any more. */
const DEPTH_MAX = HASH_BITS - HOME_BITS;

/**
 * Hash to value, both 32-bit integers; a value is never 0. Pages hold their hashes in ascending order, each at or after
 * the home slot that its bits name, without a gap between: a search ends at the first gap or larger hash, a removal moves
 * what follows back, and no tombstones gather. The directory leads from a hash's first bits to its page.
 */
export class HashIndex {
  readonly #pool: PagePool;
  #directory: Int32Array<ArrayBuffer>;
  #depth = 0;

  constructor(pool: PagePool) {
    this.#pool = pool;
    this.#directory = Int32Array.of(pool.take(0));
  }

  /** The value under a hash, or 0. */
  get(hash: number): number {
    const pool = this.#pool;
    const page = this.#directory[hash >>> (HASH_BITS - this.#depth)];
    const words = pool.wordsOf(page);
    let at = pool.startOf(page) + 2 * homeOf(hash, pool.depthOf(page));
    while (words[at + 1] !== 0) {
      if (words[at] >= hash) return words[at] === hash ? words[at + 1] : 0;
      at += 2;
    }
    return 0;
  }

  /** Puts a value under a hash, in the place of the one before. */
  set(hash: number, value: number): void {
    for (;;) {
      const page = this.#pageOf(hash);
      const stored = this.#store(page, hash, value);
      if (stored) return;
      this.#split(page, hash);
    }
  }

  /** Removes a hash, which must be there. */
  delete(hash: number): void {
    const page = this.#pageOf(hash);
    const words = this.#pool.wordsOf(page);
    const depth = this.#pool.depthOf(page);
    const start = this.#pool.startOf(page);
    const at = this.#seek(page, hash);
    let end = at + 2;
    while (words[end + 1] !== 0 && start + 2 * homeOf(words[end], depth) < end) end += 2;
    words.copyWithin(at, at + 2, end);
    words[end - 2] = 0;
    words[end - 1] = 0;
    this.#pool.changeCount(page, -1);
  }

  /** Gives the pages of an index that is empty back to the pool; it must not be used after. */
  dispose(): void {
    for (const page of new Set(this.#directory)) this.#pool.give(page);
  }

  /** Bytes of the directory. */
  get bytes(): number {
    return this.#directory.byteLength;
  }

  #pageOf(hash: number): number {
    return this.#directory[hash >>> (HASH_BITS - this.#depth)];
  }

  /** Where the hash is or belongs: the first slot from its home on that is empty or not smaller. */
  #seek(page: number, hash: number): number {
    const words = this.#pool.wordsOf(page);
    let at = this.#pool.startOf(page) + 2 * homeOf(hash, this.#pool.depthOf(page));
    while (words[at + 1] !== 0 && words[at] < hash) at += 2;
    return at;
  }

  /** Stores if the page has room, else changes nothing and returns false. */
  #store(page: number, hash: number, value: number): boolean {
    const words = this.#pool.wordsOf(page);
    const at = this.#seek(page, hash);
    if (words[at + 1] !== 0 && words[at] === hash) {
      words[at + 1] = value;
      return true;
    }
    if (this.#pool.countOf(page) >= PAGE_ENTRIES_MAX && this.#pool.depthOf(page) < DEPTH_MAX) return false;
    let gap = at;
    while (words[gap + 1] !== 0) gap += 2;
    if (gap >= this.#pool.startOf(page) + 2 * (PAGE_SLOTS - 1)) return false;
    words.copyWithin(at + 2, at, gap);
    words[at] = hash;
    words[at + 1] = value;
    this.#pool.changeCount(page, 1);
    return true;
  }

  /** Halves the range of hashes that a page stands for; the upper half goes to a new page. */
  #split(page: number, hash: number): void {
    const depth = this.#pool.depthOf(page);
    if (depth === this.#depth) this.#doubleDirectory();
    const upper = this.#pool.take(depth + 1);
    const span = 1 << (this.#depth - depth);
    const first = (hash >>> (HASH_BITS - depth)) * span;
    this.#directory.fill(upper, first + span / 2, first + span);

    const start = this.#pool.startOf(page);
    const entries = this.#pool.wordsOf(page).slice(start, start + PAGE_WORDS);
    this.#pool.clear(page);
    this.#pool.deepen(page);
    // `set` and not a plain copy: with hashes as uneven as in tests one half may overflow and be split again.
    for (let i = 0; i < entries.length; i += 2) {
      if (entries[i + 1] !== 0) this.set(entries[i], entries[i + 1]);
    }
  }

  #doubleDirectory(): void {
    const doubled = new Int32Array(this.#directory.length * 2);
    for (let i = 0; i < doubled.length; i++) doubled[i] = this.#directory[i >> 1];
    this.#directory = doubled;
    this.#depth++;
  }
}

/** The slot that the first bits after `depth` name. */
function homeOf(hash: number, depth: number): number {
  return (hash << (depth + 32 - HASH_BITS)) >>> (32 - HOME_BITS);
}
