/** Tells patterns apart by their next token, without making a string of it. */

const DOT = 0x2e;

/** How a range of patterns goes on. */
export interface Branches {
  /** How many have each of the tokens found. */
  readonly sizes: readonly number[];
  /** How many have no token after this one. */
  readonly ended: number;
}

/** Reads tokens of the patterns in step: each pattern remembers where its next token begins. */
export class TokenBranches {
  readonly #patterns: readonly string[];
  /** By pattern: where its next token begins; past its end: it has no more. */
  readonly #at: Int32Array;
  /** By pattern: number of the token read last, among those of its range. */
  readonly #branch: Int32Array;
  /** A hash table that each range uses anew: what is not of its round is empty. */
  readonly #rounds: Int32Array;
  readonly #slots: Int32Array;
  #round = 0;

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns;
    this.#at = new Int32Array(patterns.length);
    this.#branch = new Int32Array(patterns.length);
    const capacity = capacityFor(patterns.length);
    this.#rounds = new Int32Array(capacity);
    this.#slots = new Int32Array(capacity);
  }

  /** Whether nothing of the pattern is left to read. */
  hasEnded(entry: number): boolean {
    return this.#at[entry] > this.#patterns[entry].length;
  }

  /** Number of the token that was read last of a pattern, among those of its range. */
  branchOf(entry: number): number {
    return this.#branch[entry];
  }

  /** Reads the next token of the patterns `order[from]` … `order[to - 1]`, of which none has ended. */
  read(order: Int32Array, { from, to }: { readonly from: number; readonly to: number }): Branches {
    const mask = capacityFor(to - from) - 1;
    const sizes: number[] = [];
    const firsts: number[] = []; // by branch: a pattern that has the token, and where its token begins
    const starts: number[] = [];
    let ended = 0;
    this.#round++;
    for (let i = from; i < to; i++) {
      const entry = order[i];
      const pattern = this.#patterns[entry];
      const start = this.#at[entry];
      let end = start;
      let hash = 0x811c9dc5;
      for (; end < pattern.length; end++) {
        const code = pattern.charCodeAt(end);
        if (code === DOT) break;
        hash = Math.imul(hash ^ code, 0x01000193);
      }
      let slot = (hash ^ (hash >>> 15)) & mask;
      let branch = -1;
      while (this.#rounds[slot] === this.#round) {
        const known = this.#slots[slot];
        if (isSameToken(this.#patterns[firsts[known]], starts[known], pattern, start, end)) {
          branch = known;
          break;
        }
        slot = (slot + 1) & mask;
      }
      if (branch < 0) {
        branch = sizes.length;
        this.#rounds[slot] = this.#round;
        this.#slots[slot] = branch;
        sizes.push(0);
        firsts.push(entry);
        starts.push(start);
      }
      sizes[branch]++;
      this.#branch[entry] = branch;
      this.#at[entry] = end + 1;
      if (end === pattern.length) ended++;
    }
    return { sizes, ended };
  }
}

/** Whether `other` has at `otherStart` the token that `pattern` has from `start` to `end`. */
function isSameToken(other: string, otherStart: number, pattern: string, start: number, end: number): boolean {
  const otherEnd = otherStart + end - start;
  if (otherEnd < other.length ? other.charCodeAt(otherEnd) !== DOT : otherEnd > other.length) return false;
  for (let i = start, j = otherStart; i < end; i++, j++) {
    if (pattern.charCodeAt(i) !== other.charCodeAt(j)) return false;
  }
  return true;
}

/** A power of two that leaves half of the slots free. */
function capacityFor(entries: number): number {
  return 1 << (33 - Math.clz32(entries));
}
