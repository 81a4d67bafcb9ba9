/** What is due when: a binary min-heap of (time, value). */

export class DueHeap<Value> {
  readonly #times: number[] = [];
  readonly #values: Value[] = [];

  get size(): number {
    return this.#times.length;
  }

  /** The earliest time, `Infinity` when empty. */
  get next(): number {
    return this.#times.length === 0 ? Infinity : this.#times[0];
  }

  push(time: number, value: Value): void {
    let at = this.#times.push(time) - 1;
    this.#values.push(value);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#times[parent] <= this.#times[at]) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** Takes the earliest value whose time is not after `now`. */
  popDue(now: number): Value | undefined {
    if (this.next > now) return undefined;
    const value = this.#values[0];
    const time = this.#times.pop()!;
    const last = this.#values.pop()!;
    if (this.#times.length > 0) {
      this.#times[0] = time;
      this.#values[0] = last;
      this.#sink();
    }
    return value;
  }

  /** Keeps only what `keep` wants. */
  retain(keep: (time: number, value: Value) => boolean): void {
    const kept: [number, Value][] = [];
    for (const [i, time] of this.#times.entries()) if (keep(time, this.#values[i])) kept.push([time, this.#values[i]]);
    kept.sort(([a], [b]) => a - b); // a sorted list is a heap
    this.#times.length = this.#values.length = 0;
    for (const [time, value] of kept) {
      this.#times.push(time);
      this.#values.push(value);
    }
  }

  #sink(): void {
    let at = 0;
    for (;;) {
      const left = at * 2 + 1;
      if (left >= this.#times.length) return;
      const right = left + 1;
      const least = right < this.#times.length && this.#times[right] < this.#times[left] ? right : left;
      if (this.#times[at] <= this.#times[least]) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #swap(a: number, b: number): void {
    [this.#times[a], this.#times[b]] = [this.#times[b], this.#times[a]];
    [this.#values[a], this.#values[b]] = [this.#values[b], this.#values[a]];
  }
}
