/** Which patterns are wanted on this node, and since when. */

export interface WantedPattern {
  readonly pattern: string;
  /** Readers of it: queues and streams. */
  readonly readers: number;
  /** Reading of the monotonic clock when the first of them came, ms. */
  readonly since: number;
}

export class LocalInterest {
  readonly #patterns = new Map<string, WantedPattern>();
  readonly #listeners = new Set<() => void>();
  #version = 0;

  /** Grows with each pattern that comes or goes. */
  get version(): number {
    return this.#version;
  }

  add(pattern: string, now: number): void {
    const wanted = this.#patterns.get(pattern);
    this.#patterns.set(pattern, { pattern, readers: (wanted?.readers ?? 0) + 1, since: wanted?.since ?? now });
    if (wanted === undefined) this.#changed();
  }

  remove(pattern: string): void {
    const wanted = this.#patterns.get(pattern);
    if (wanted === undefined) return;
    if (wanted.readers > 1) this.#patterns.set(pattern, { ...wanted, readers: wanted.readers - 1 });
    else {
      this.#patterns.delete(pattern);
      this.#changed();
    }
  }

  list(): WantedPattern[] {
    return [...this.#patterns.values()];
  }

  /** Calls `listener` after each change of the set of patterns; the answer ends it. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(): void {
    this.#version++;
    for (const listener of this.#listeners) listener();
  }
}
