/** Something about the latest own events, by their position: what is too much is forgotten, the oldest first. */
export class RecentPositions<Value> {
  readonly #max: number;
  readonly #values = new Map<number, Value>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Answers what was forgotten for it. */
  set(position: number, value: Value): Value | undefined {
    this.#values.set(position, value);
    return this.#values.size > this.#max ? this.take(this.#values.keys().next().value!) : undefined;
  }

  get(position: number): Value | undefined {
    return this.#values.get(position);
  }

  /** Gets it, and forgets it. */
  take(position: number): Value | undefined {
    const value = this.#values.get(position);
    this.#values.delete(position);
    return value;
  }
}
