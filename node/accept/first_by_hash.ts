/** The first arrival of each hash, of as many as there are: a `Map` that grows to some ten thousand costs several times more. */

const NONE = -1;

/** Open addressing in a table that is half empty at least; nothing is taken out. */
export class FirstByHash {
  /** Index + 1 of an arrival; 0: free. */
  readonly #slots: Int32Array;
  /** By index. */
  readonly #hashes: Uint32Array;
  readonly #mask: number;

  /** For arrivals [0, count). */
  constructor(count: number) {
    const size = 2 ** Math.ceil(Math.log2(2 * count + 1));
    this.#slots = new Int32Array(size);
    this.#hashes = new Uint32Array(count);
    this.#mask = size - 1;
  }

  /** The low half of an arrival's hash. Answers the index of the first one that has the same, −1 when this is it. */
  add(index: number, lo: number): number {
    const slot = this.#find(lo);
    const first = this.#slots[slot] - 1;
    if (first !== NONE) return first;
    this.#slots[slot] = index + 1;
    this.#hashes[index] = lo;
    return NONE;
  }

  has(lo: number): boolean {
    return this.#slots[this.#find(lo)] !== 0;
  }

  /** The slot with that hash, or the free one where it would be. */
  #find(lo: number): number {
    let slot = lo & this.#mask;
    while (this.#slots[slot] !== 0 && this.#hashes[this.#slots[slot] - 1] !== lo >>> 0) slot = (slot + 1) & this.#mask;
    return slot;
  }
}
