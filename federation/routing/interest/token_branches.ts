/** Tells patterns apart by their next token, without making a string of it. */

const DOT = 0x2e;

/** Reads tokens of the patterns in step: each pattern remembers where its next token begins. */
export class TokenBranches {
  readonly #patterns: readonly string[];
  /** By pattern: where its next token begins; past its end: it has no more. */
  readonly #at: Int32Array;
  /** By pattern: number of the token read last, among those of its range. */
  readonly #branch: Int32Array;
  /** By number of a token: how many have it, and one of these. */
  readonly #sizes: Int32Array;
  readonly #firsts: Int32Array;
  /** A hash table of the numbers of tokens, which each range uses anew: what is not of its round is empty. */
  readonly #rounds: Int32Array;
  readonly #slots: Int32Array;
  #round = 0;
  #count = 0;
  #ended = 0;

  constructor(patterns: readonly string[]) {
    const { length } = patterns;
    this.#patterns = patterns;
    this.#at = new Int32Array(length);
    this.#branch = new Int32Array(length);
    this.#sizes = new Int32Array(length);
    this.#firsts = new Int32Array(length);
    this.#rounds = new Int32Array(capacityFor(length));
    this.#slots = new Int32Array(capacityFor(length));
  }

  /** How many different tokens the last `read()` found. */
  get count(): number {
    return this.#count;
  }

  /** Of how many patterns the last `read()` read the last token. */
  get ended(): number {
    return this.#ended;
  }

  /** How many patterns of the range read last have a token. */
  sizeOf(branch: number): number {
    return this.#sizes[branch];
  }

  /** Number of the token that was read last of a pattern, among those of its range. */
  branchOf(entry: number): number {
    return this.#branch[entry];
  }

  /** Whether nothing of the pattern is left to read. */
  hasEnded(entry: number): boolean {
    return this.#at[entry] > this.#patterns[entry].length;
  }

  /** How many of the tokens to come two patterns have in common, before one of them ends. */
  commonTokens(a: number, b: number): number {
    const left = this.#patterns[a];
    const right = this.#patterns[b];
    let tokens = 0;
    for (let i = this.#at[a]; i < left.length && i < right.length; i++) {
      const code = left.charCodeAt(i);
      if (code !== right.charCodeAt(i)) break;
      if (code === DOT) tokens++;
    }
    return tokens;
  }

  /**
   * Reads the next token of the patterns `order[from]` … `order[to - 1]`. None of them has ended, and the tokens read of
   * them before were the same.
   */
  read(order: Int32Array, { from, to }: { readonly from: number; readonly to: number }): void {
    const mask = capacityFor(to - from) - 1;
    this.#round++;
    this.#count = 0;
    this.#ended = 0;
    const start = this.#at[order[from]];
    for (let i = from; i < to; i++) {
      const entry = order[i];
      const pattern = this.#patterns[entry];
      let end = start;
      let hash = 0x811c9dc5;
      for (; end < pattern.length; end++) {
        const code = pattern.charCodeAt(end);
        if (code === DOT) break;
        hash = Math.imul(hash ^ code, 0x01000193);
      }
      const branch = this.#branchFor(entry, { start, end, slot: (hash ^ (hash >>> 15)) & mask, mask });
      this.#sizes[branch]++;
      this.#branch[entry] = branch;
      this.#at[entry] = end + 1;
      if (end === pattern.length) this.#ended++;
    }
  }

  /** The number of a token, a new one if it was not read in this round before. */
  #branchFor(
    entry: number,
    { start, end, slot, mask }: {
      readonly start: number;
      readonly end: number;
      readonly slot: number;
      readonly mask: number;
    },
  ): number {
    const pattern = this.#patterns[entry];
    let at = slot;
    while (this.#rounds[at] === this.#round) {
      const known = this.#slots[at];
      if (isSameToken(this.#patterns[this.#firsts[known]], pattern, start, end)) return known;
      at = (at + 1) & mask;
    }
    const branch = this.#count++;
    this.#rounds[at] = this.#round;
    this.#slots[at] = branch;
    this.#sizes[branch] = 0;
    this.#firsts[branch] = entry;
    return branch;
  }
}

/** Whether `other` has from `start` to `end` the token that `pattern` has there. */
function isSameToken(other: string, pattern: string, start: number, end: number): boolean {
  if (end < other.length ? other.charCodeAt(end) !== DOT : end > other.length) return false;
  for (let i = start; i < end; i++) if (pattern.charCodeAt(i) !== other.charCodeAt(i)) return false;
  return true;
}

/** A power of two that leaves half of the slots free. */
function capacityFor(entries: number): number {
  return 1 << (33 - Math.clz32(entries));
}
