/** Positions beyond a queue's place in the log that are settled already: acknowledged after a kill, before they were read again. */

/** More than may be open at a time, and so more than a kill can leave behind. */
const AHEAD_MAX = 20_000;

export class SettledAhead {
  readonly #positions: Set<number>;

  constructor(positions: readonly number[] = []) {
    this.#positions = new Set(positions);
  }

  /** Whether it is new; false also when there are too many, and then the event comes again. */
  add(position: number): boolean {
    if (this.#positions.size >= AHEAD_MAX || this.#positions.has(position)) return false;
    this.#positions.add(position);
    return true;
  }

  /** Whether it was there. */
  delete(position: number): boolean {
    return this.#positions.delete(position);
  }

  clear(): void {
    this.#positions.clear();
  }

  /** Those after `position`, ascending; the others are of no use any more. */
  after(position: number): number[] {
    for (const one of this.#positions) if (one <= position) this.#positions.delete(one);
    return [...this.#positions].sort((a, b) => a - b);
  }
}
