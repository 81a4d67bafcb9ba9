/** A priority queue of numbered items: a binary heap in typed arrays. */

/** Holds items 0 … length of `orders` − 1, each once at most. */
export class RatioHeap {
  readonly #heap: Int32Array;
  readonly #priorities: Float64Array;
  readonly #orders: Float64Array;
  #size = 0;

  /** `orders`, by item: of equal priorities the greatest of these comes first. */
  constructor(orders: Float64Array) {
    this.#heap = new Int32Array(orders.length);
    this.#priorities = new Float64Array(orders.length);
    this.#orders = orders;
  }

  /** Priority that an item was pushed with last. */
  priorityOf(item: number): number {
    return this.#priorities[item];
  }

  /** Puts an item in that is not there. */
  push(item: number, priority: number): void {
    this.#priorities[item] = priority;
    let place = this.#size++;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#isBefore(item, this.#heap[parent])) break;
      this.#heap[place] = this.#heap[parent];
      place = parent;
    }
    this.#heap[place] = item;
  }

  /** Takes the item of the greatest priority out; `undefined`: there is none. */
  pop(): number | undefined {
    if (this.#size === 0) return undefined;
    const first = this.#heap[0];
    const last = this.#heap[--this.#size];
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#isBefore(this.#heap[child + 1], this.#heap[child])) child++;
      if (!this.#isBefore(this.#heap[child], last)) break;
      this.#heap[place] = this.#heap[child];
      place = child;
    }
    this.#heap[place] = last;
    return first;
  }

  #isBefore(a: number, b: number): boolean {
    const left = this.#priorities[a];
    const right = this.#priorities[b];
    return left === right ? this.#orders[a] > this.#orders[b] : left > right;
  }
}
