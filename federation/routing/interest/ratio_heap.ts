/** A priority queue of numbered items whose priorities change: a binary heap that knows where each item is. */

/** Items 0 … size − 1, none in it at first. The greatest priority comes first, then whatever `precedes` says. */
export class RatioHeap {
  readonly #heap: Int32Array;
  /** By item: its place in the heap; −1: it is not in it. */
  readonly #places: Int32Array;
  readonly #priorities: Float64Array;
  readonly #precedes: (a: number, b: number) => boolean;
  #size = 0;

  constructor(items: number, precedes: (a: number, b: number) => boolean) {
    this.#heap = new Int32Array(items);
    this.#places = new Int32Array(items).fill(-1);
    this.#priorities = new Float64Array(items);
    this.#precedes = precedes;
  }

  /** Puts an item in, or changes its priority. */
  set(item: number, priority: number): void {
    this.#priorities[item] = priority;
    if (this.#places[item] < 0) {
      this.#places[item] = this.#size;
      this.#heap[this.#size++] = item;
    }
    this.#rise(this.#places[item]);
    this.#sink(this.#places[item]);
  }

  delete(item: number): void {
    const place = this.#places[item];
    if (place < 0) return;
    this.#places[item] = -1;
    const last = this.#heap[--this.#size];
    if (last === item) return;
    this.#put(last, place);
    this.#rise(place);
    this.#sink(this.#places[last]);
  }

  /** Takes the first item out; `undefined`: there is none. */
  pop(): number | undefined {
    if (this.#size === 0) return undefined;
    const first = this.#heap[0];
    this.delete(first);
    return first;
  }

  #rise(place: number): void {
    const item = this.#heap[place];
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#isBefore(item, this.#heap[parent])) break;
      this.#put(this.#heap[parent], place);
      place = parent;
    }
    this.#put(item, place);
  }

  #sink(place: number): void {
    const item = this.#heap[place];
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#isBefore(this.#heap[child + 1], this.#heap[child])) child++;
      if (!this.#isBefore(this.#heap[child], item)) break;
      this.#put(this.#heap[child], place);
      place = child;
    }
    this.#put(item, place);
  }

  #put(item: number, place: number): void {
    this.#heap[place] = item;
    this.#places[item] = place;
  }

  #isBefore(a: number, b: number): boolean {
    const difference = this.#priorities[a] - this.#priorities[b];
    if (difference !== 0 && !Number.isNaN(difference)) return difference > 0;
    return this.#precedes(a, b);
  }
}
