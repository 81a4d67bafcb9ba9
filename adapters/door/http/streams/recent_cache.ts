/** Remembers what was made of the events that many readers are getting right now. */

/**
 * Bounded by cost: it has two generations, and when the young one is full it takes the place of the old one. Nothing is
 * done at a look-up, which is what happens a thousand times as often.
 */
export class RecentCache<K, V> {
  readonly #costMax: number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();
  #cost = 0;

  /** `costMax`: of one generation, in the unit of `set()`. */
  constructor(costMax: number) {
    this.#costMax = costMax;
  }

  get(key: K): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: K, value: V, cost: number): void {
    if (this.#cost + cost > this.#costMax) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#cost = 0;
    }
    this.#young.set(key, value);
    this.#cost += cost;
  }
}
