/** A map from 31-bit hashes to integers that grows a page at a time (extendible hashing), so that no operation stalls. */

import { FILTER_BITS, HOME_BITS, PAGE_ENTRIES_MAX, PAGE_SLOTS, type PagePool } from "./page_pool.ts";

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
  /** By the first `#depth` bits of a hash: number and depth of its page in one word, as `entryOf` packs them. */
  #directory: Int32Array<ArrayBuffer>;
  #depth = 0;

  constructor(pool: PagePool) {
    this.#pool = pool;
    this.#directory = Int32Array.of(entryOf(pool.take(), 0));
  }

  /** The value under a hash, or 0. */
  get(hash: number): number {
    const entry = this.#entryFor(hash);
    const page = pageOf(entry);
    const bit = bitOf(hash, depthOf(entry));
    if ((this.#pool.filtersOf(page)[this.#pool.filterOf(page) + (bit >>> 5)] & (1 << (bit & 31))) === 0) return 0;
    const words = this.#pool.wordsOf(page);
    let at = this.#pool.slotsOf(page) + 2 * homeOf(hash, depthOf(entry));
    while (words[at + 1] !== 0) {
      if (words[at] >= hash) return words[at] === hash ? words[at + 1] : 0;
      at += 2;
    }
    return 0;
  }

  /** Puts a value under a hash, in the place of the one before. */
  set(hash: number, value: number): void {
    while (!this.#store(hash, value)) this.#split(hash);
  }

  /** Removes a hash, which must be there. */
  delete(hash: number): void {
    const entry = this.#entryFor(hash);
    const page = pageOf(entry);
    const depth = depthOf(entry);
    const words = this.#pool.wordsOf(page);
    const start = this.#pool.slotsOf(page);
    const at = this.#seek(entry, hash);
    // Hashes are sorted, so that others with the same bit are next to this one.
    const bit = bitOf(hash, depth);
    const sharesBit = (slot: number) => words[slot + 1] !== 0 && bitOf(words[slot], depth) === bit;
    if (!(at > start && sharesBit(at - 2)) && !sharesBit(at + 2)) {
      this.#pool.filtersOf(page)[this.#pool.filterOf(page) + (bit >>> 5)] &= ~(1 << (bit & 31));
    }
    let end = at + 2;
    while (words[end + 1] !== 0 && start + 2 * homeOf(words[end], depth) < end) end += 2;
    words.copyWithin(at, at + 2, end);
    words[end - 2] = 0;
    words[end - 1] = 0;
    this.#pool.changeCount(page, -1);
  }

  /** Gives the pages of an index that is empty back to the pool; it must not be used after. */
  dispose(): void {
    for (const entry of new Set(this.#directory)) this.#pool.give(pageOf(entry));
  }

  /** Bytes of the directory. */
  get bytes(): number {
    return this.#directory.byteLength;
  }

  #entryFor(hash: number): number {
    return this.#directory[hash >>> (HASH_BITS - this.#depth)];
  }

  /** Where the hash is or belongs: the first slot from its home on that is empty or not smaller. */
  #seek(entry: number, hash: number): number {
    const page = pageOf(entry);
    const words = this.#pool.wordsOf(page);
    let at = this.#pool.slotsOf(page) + 2 * homeOf(hash, depthOf(entry));
    while (words[at + 1] !== 0 && words[at] < hash) at += 2;
    return at;
  }

  /** Stores if the page has room, else changes nothing and returns false. */
  #store(hash: number, value: number): boolean {
    const entry = this.#entryFor(hash);
    const page = pageOf(entry);
    const words = this.#pool.wordsOf(page);
    const at = this.#seek(entry, hash);
    if (words[at + 1] !== 0 && words[at] === hash) {
      words[at + 1] = value;
      return true;
    }
    if (this.#pool.countOf(page) >= PAGE_ENTRIES_MAX && depthOf(entry) < DEPTH_MAX) return false;
    let gap = at;
    while (words[gap + 1] !== 0) gap += 2;
    if (gap >= this.#pool.slotsOf(page) + 2 * (PAGE_SLOTS - 1)) return false;
    words.copyWithin(at + 2, at, gap);
    words[at] = hash;
    words[at + 1] = value;
    const bit = bitOf(hash, depthOf(entry));
    this.#pool.filtersOf(page)[this.#pool.filterOf(page) + (bit >>> 5)] |= 1 << (bit & 31);
    this.#pool.changeCount(page, 1);
    return true;
  }

  /** Halves the range of hashes that a page stands for; the upper half goes to a new page. */
  #split(hash: number): void {
    const entry = this.#entryFor(hash);
    const page = pageOf(entry);
    const depth = depthOf(entry);
    if (depth === this.#depth) this.#doubleDirectory();
    const span = 1 << (this.#depth - depth);
    const first = (hash >>> (HASH_BITS - depth)) * span;
    this.#directory.fill(entryOf(page, depth + 1), first, first + span / 2);
    this.#directory.fill(entryOf(this.#pool.take(), depth + 1), first + span / 2, first + span);

    // `set` and not a plain copy: with hashes as uneven as in tests one half may overflow and be split again.
    const entries = this.#pool.empty(page);
    for (let i = 0; i < entries.length; i += 2) this.set(entries[i], entries[i + 1]);
  }

  #doubleDirectory(): void {
    const doubled = new Int32Array(this.#directory.length * 2);
    for (let i = 0; i < doubled.length; i++) doubled[i] = this.#directory[i >> 1];
    this.#directory = doubled;
    this.#depth++;
  }
}

/** Depths up to 21 take 5 bits, which leaves room for 67 million pages. */
const DEPTH_BITS = 5;

function entryOf(page: number, depth: number): number {
  return (page << DEPTH_BITS) | depth;
}

function pageOf(entry: number): number {
  return entry >>> DEPTH_BITS;
}

/** How many first bits all hashes of the page share. */
function depthOf(entry: number): number {
  return entry & ((1 << DEPTH_BITS) - 1);
}

/** The slot that the first bits after `depth` name. */
function homeOf(hash: number, depth: number): number {
  return (hash << (depth + 32 - HASH_BITS)) >>> (32 - HOME_BITS);
}

/** The bit in the page's filter that the first bits after `depth` name. */
function bitOf(hash: number, depth: number): number {
  return (hash << (depth + 32 - HASH_BITS)) >>> (32 - FILTER_BITS);
}
