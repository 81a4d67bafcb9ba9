/** Dice of the simulator: xoshiro128** in 32-bit whole numbers, so that a seed rolls the same on every runtime. */

export class SimRandom {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** Streams of one seed have nothing to do with each other. */
  constructor(seed: number, stream = 0) {
    let state = (seed ^ Math.imul(stream + 1, 0x9e3779b9)) >>> 0;
    const next = (): number => {
      state = (state + 0x9e3779b9) >>> 0;
      let z = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      return (z ^ (z >>> 16)) >>> 0;
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1; // the state must not be all noughts
  }

  /** A whole number of 32 bits. */
  next(): number {
    const times5 = Math.imul(this.#b, 5);
    const result = Math.imul((times5 << 7) | (times5 >>> 25), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** A whole number in [0, bound); `bound` at most 2³². */
  below(bound: number): number {
    return Math.floor(this.next() * bound / 4294967296);
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True in `permille` of 1000 cases. */
  chance(permille: number): boolean {
    return this.below(1000) < permille;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)];
  }

  /** The choices in another order. */
  shuffle<T>(choices: readonly T[]): T[] {
    const shuffled = [...choices];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
    }
    return shuffled;
  }

  /** Dice of its own, for a part whose rolls must not shift those of others. */
  fork(): SimRandom {
    return new SimRandom(this.next(), this.next());
  }
}
