/** Pages of hash slots for all indexes of a table, taken from and given back to chunks of typed arrays. */

/** A hash's home is one of 1,024 slots: a page splits in some 20 µs, and its overhead is spread over hundreds of patterns. */
export const HOME_BITS = 10;
const HOME_SLOTS = 1 << HOME_BITS;
/** Slots past the last home, for hashes that found their home taken. When they do not suffice the page is split early. */
const SPILL_SLOTS = 48;
/** Slots of a page. The last always stays empty, so that a search needs no bound. */
export const PAGE_SLOTS = HOME_SLOTS + SPILL_SLOTS;
/** 32-bit words of a page: hash and value by turns, so that a look costs one cache line. */
const PAGE_WORDS = PAGE_SLOTS * 2;
/**
 * Each page has a filter: a bit for every prefix of 12 bits that one of its hashes has. Most looks find nothing; the bits
 * tell so for some 85 % of them. They lie apart from the pages, close enough together to stay in the processor's cache.
 */
export const FILTER_BITS = 12;
const FILTER_WORDS = (1 << FILTER_BITS) / 32;
/** Pages are split past 90 % of their homes: hashes are sorted, so that even there a search ends after about five slots. */
export const PAGE_ENTRIES_MAX = Math.floor(HOME_SLOTS * 0.9);

/** Pages a chunk: 67 KiB, small enough for a table of a few patterns. */
const CHUNK_PAGES_BITS = 3;
const CHUNK_PAGES = 1 << CHUNK_PAGES_BITS;
/** Filters a chunk: 16 KiB. */
const CHUNK_FILTERS_BITS = 5;
const CHUNK_FILTERS = 1 << CHUNK_FILTERS_BITS;

/** Owns pages by number. */
export class PagePool {
  readonly #chunks: Int32Array<ArrayBuffer>[] = [];
  readonly #filters: Int32Array<ArrayBuffer>[] = [];
  #counts = new Uint16Array(64);
  #used = 0;
  readonly #free: number[] = [];

  /** Takes an empty page. */
  take(): number {
    return this.#free.pop() ?? this.#next();
  }

  /** Gives an empty page back; the caller forgets its number. */
  give(page: number): void {
    this.#free.push(page);
  }

  /** Empties a page and returns what was in it, hash and value by turns, hashes ascending. */
  empty(page: number): number[] {
    const words = this.wordsOf(page);
    const start = this.slotsOf(page);
    const end = start + PAGE_SLOTS * 2;
    const entries: number[] = [];
    for (let at = start; at < end; at += 2) {
      if (words[at + 1] !== 0) entries.push(words[at], words[at + 1]);
    }
    words.fill(0, start, end);
    const filter = this.filterOf(page);
    this.filtersOf(page).fill(0, filter, filter + FILTER_WORDS);
    this.#counts[page] = 0;
    return entries;
  }

  /** The array that holds a page. */
  wordsOf(page: number): Int32Array<ArrayBuffer> {
    return this.#chunks[page >>> CHUNK_PAGES_BITS];
  }

  /** Where in that array the page's slots begin. */
  slotsOf(page: number): number {
    return (page & (CHUNK_PAGES - 1)) * PAGE_WORDS;
  }

  /** The array that holds a page's filter. */
  filtersOf(page: number): Int32Array<ArrayBuffer> {
    return this.#filters[page >>> CHUNK_FILTERS_BITS];
  }

  /** Where in that array the page's filter begins. */
  filterOf(page: number): number {
    return (page & (CHUNK_FILTERS - 1)) * FILTER_WORDS;
  }

  /** Slots in use. */
  countOf(page: number): number {
    return this.#counts[page];
  }

  changeCount(page: number, by: 1 | -1): void {
    this.#counts[page] += by;
  }

  /** Bytes held in arrays. */
  get bytes(): number {
    const words = this.#chunks.length * CHUNK_PAGES * PAGE_WORDS + this.#filters.length * CHUNK_FILTERS * FILTER_WORDS;
    return words * 4 + this.#counts.byteLength;
  }

  #next(): number {
    const page = this.#used++;
    if (page % CHUNK_PAGES === 0) this.#chunks.push(new Int32Array(CHUNK_PAGES * PAGE_WORDS));
    if (page % CHUNK_FILTERS === 0) this.#filters.push(new Int32Array(CHUNK_FILTERS * FILTER_WORDS));
    if (page === this.#counts.length) {
      const counts = new Uint16Array(page * 2);
      counts.set(this.#counts);
      this.#counts = counts;
    }
    return page;
  }
}
