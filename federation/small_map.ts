/**
 * A map that mostly has one entry: that one takes a few bytes, where a `Map` takes some three hundred. Every cluster holds
 * some of these for every other one of the mesh.
 */

export class SmallMap<K, V> {
  #key: K | undefined;
  #value: V | undefined;
  /** From the second entry on, all of them. */
  #all: Map<K, V> | undefined;
  #isEmpty = true;

  get size(): number {
    return this.#all?.size ?? (this.#isEmpty ? 0 : 1);
  }

  get(key: K): V | undefined {
    if (this.#all !== undefined) return this.#all.get(key);
    return !this.#isEmpty && this.#key === key ? this.#value : undefined;
  }

  has(key: K): boolean {
    return this.#all?.has(key) ?? (!this.#isEmpty && this.#key === key);
  }

  set(key: K, value: V): void {
    if (this.#all === undefined && (this.#isEmpty || this.#key === key)) {
      this.#key = key;
      this.#value = value;
      this.#isEmpty = false;
      return;
    }
    this.#all ??= new Map([[this.#key as K, this.#value as V]]);
    this.#all.set(key, value);
    this.#forgetOne();
  }

  delete(key: K): void {
    if (this.#all !== undefined) this.#all.delete(key);
    else if (this.#key === key) this.#forgetOne();
    if (this.#all?.size === 0) this.#all = undefined;
  }

  keys(): Iterable<K> {
    return this.#all?.keys() ?? (this.#isEmpty ? [] : [this.#key as K]);
  }

  /** In the order in which they came. */
  values(): Iterable<V> {
    return this.#all?.values() ?? (this.#isEmpty ? [] : [this.#value as V]);
  }

  #forgetOne(): void {
    this.#key = this.#value = undefined;
    this.#isEmpty = true;
  }
}
