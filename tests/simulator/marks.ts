/** Counts of rare states that a run has reached: many runs that never saw one of them have proved nothing about it. */

export class Marks {
  readonly #counts = new Map<string, number>();

  sometimes(mark: string, times = 1): void {
    if (times > 0) this.#counts.set(mark, (this.#counts.get(mark) ?? 0) + times);
  }

  /** The highest value that was seen. */
  most(mark: string, value: number): void {
    if (value > (this.#counts.get(mark) ?? 0)) this.#counts.set(mark, value);
  }

  /** By name. */
  toRecord(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
