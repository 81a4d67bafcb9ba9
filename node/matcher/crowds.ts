/** The values of a hash index: one id, or a crowd of ids when several patterns share a hash. */

/**
 * A value is 0 for no id, id + 1 for one, and negative for the number of a crowd. Crowds are rare (some hundred among a
 * million patterns), unless somebody makes them: then they cost time, in proportion to their size, and never correctness.
 */
export class Crowds {
  readonly #crowds: number[][] = [];
  readonly #free: number[] = [];

  /** The value once `id` is added to it. */
  add(value: number, id: number): number {
    if (value === 0) return id + 1;
    if (value < 0) {
      this.idsOf(value).push(id);
      return value;
    }
    const number = this.#free.pop() ?? this.#crowds.length;
    this.#crowds[number] = [value - 1, id];
    return -1 - number;
  }

  /** The value once `id`, which must be in it, is removed. */
  remove(value: number, id: number): number {
    if (value > 0) return 0;
    const ids = this.idsOf(value);
    const last = ids.pop()!;
    if (last !== id) ids[ids.indexOf(id)] = last;
    if (ids.length > 1) return value;
    const number = -1 - value;
    this.#crowds[number] = [];
    this.#free.push(number);
    return ids[0] + 1;
  }

  /** The ids of a negative value. */
  idsOf(value: number): number[] {
    return this.#crowds[-1 - value];
  }
}
