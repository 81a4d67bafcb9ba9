/** Patterns by the tokens that they begin with: which could be told as one, as `<prefix>.>`. */

import { hashText } from "./text_hash.ts";
import { TokenBranches } from "./token_branches.ts";

/** Calls that answer what the tree cannot know. */
export interface PatternTraits {
  /** Bytes that the pattern takes when told. */
  readonly bytes: (entry: number) => number;
  /** Whether it lets everything of its topics through: then `p.>` makes all else under `p` needless. */
  readonly isPlain: (entry: number) => boolean;
}

/** A prefix under which there are several patterns, and how many there are now. */
export interface Prefix {
  /** Number of the longest other prefix that this one begins with; −1: none. Smaller than its own. */
  readonly parent: number;
  /** Without a dot at the end; empty: before the first token. */
  readonly text: string;
  readonly tokens: number;
  /** Hash of the text: an order that does not depend on the order of the patterns. */
  readonly hash: number;
  /** Patterns under it of which no other prefix is between; the pattern that equals the prefix is none of them. */
  leaves: number;
  leafBytes: number;
  /** There is a plain `<prefix>.>` among them. */
  hasRest: boolean;
}

/** Patterns, all different, still to be told apart: those from `from` to `to` in the order, and whose leaves they are. */
interface Range {
  readonly from: number;
  readonly to: number;
  readonly parent: number;
  readonly tokens: number;
}

const NONE = -1;

/**
 * Has a prefix only where ways part: of `a.b.c.x` and `a.b.c.y` that is `a.b.c`. Of two patterns or more there is always
 * one prefix that all of them are under.
 */
export class PrefixTree {
  readonly prefixes: Prefix[] = [];
  /** By pattern: the longest prefix that it is under; −1: none, as it is the only one. */
  readonly parents: Int32Array;
  readonly #patterns: readonly string[];
  readonly #traits: PatternTraits;
  /** Patterns in an order in which those of a prefix are side by side, and room to bring them into it. */
  readonly #order: Int32Array;
  readonly #scratch: Int32Array;
  readonly #places: Int32Array;
  readonly #branches: TokenBranches;

  constructor(patterns: readonly string[], traits: PatternTraits) {
    const { length } = patterns;
    this.#patterns = patterns;
    this.#traits = traits;
    this.#order = Int32Array.from(patterns, (_, i) => i);
    this.#scratch = new Int32Array(length);
    this.#places = new Int32Array(length);
    this.#branches = new TokenBranches(patterns);
    this.parents = new Int32Array(length).fill(NONE);
    const ranges: Range[] = [{ from: 0, to: length, parent: NONE, tokens: 0 }];
    for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) this.#divide(range, ranges);
  }

  #divide({ from, to, parent, tokens }: Range, ranges: Range[]): void {
    if (to - from === 1) return this.#setLeaf(this.#order[from], parent);
    if (to - from === 2) return this.#dividePair(from, { parent, tokens });
    const branches = this.#branches;
    branches.read(this.#order, { from, to });
    const { count, ended } = branches;
    if (count > 1) this.#sortByBranch({ from, to });
    // Where all go on alike and none ends, the next prefix is under as many of them, and says more.
    const under = count > 1 || ended > 0 ? this.#addPrefix(this.#order[from], { parent, tokens }) : parent;
    let start = from;
    for (let branch = 0; branch < count; branch++) {
      const end = start + branches.sizeOf(branch);
      const rest = ended > 0 && this.#putEndFirst(start, end) ? start + 1 : start;
      if (rest > start) this.#setLeaf(this.#order[start], under);
      if (rest < end) ranges.push({ from: rest, to: end, parent: under, tokens: tokens + 1 });
      start = end;
    }
  }

  /** As `#divide()` would, step by step: most prefixes are of two patterns. */
  #dividePair(from: number, { parent, tokens }: { readonly parent: number; readonly tokens: number }): void {
    const [a, b] = [this.#order[from], this.#order[from + 1]];
    const under = this.#addPrefix(a, { parent, tokens: tokens + this.#branches.commonTokens(a, b) });
    this.#setLeaf(a, under);
    this.#setLeaf(b, under);
  }

  #sortByBranch({ from, to }: { readonly from: number; readonly to: number }): void {
    const branches = this.#branches;
    const places = this.#places;
    let place = from;
    for (let branch = 0; branch < branches.count; branch++) {
      places[branch] = place;
      place += branches.sizeOf(branch);
    }
    for (let i = from; i < to; i++) {
      const entry = this.#order[i];
      this.#scratch[places[branches.branchOf(entry)]++] = entry;
    }
    for (let i = from; i < to; i++) this.#order[i] = this.#scratch[i];
  }

  /** Patterns are different, so that one at most ends in a branch: it goes to the front. False: none does. */
  #putEndFirst(from: number, to: number): boolean {
    for (let i = from; i < to; i++) {
      const entry = this.#order[i];
      if (!this.#branches.hasEnded(entry)) continue;
      this.#order[i] = this.#order[from];
      this.#order[from] = entry;
      return true;
    }
    return false;
  }

  #addPrefix(entry: number, { parent, tokens }: { readonly parent: number; readonly tokens: number }): number {
    const text = firstTokens(this.#patterns[entry], tokens);
    this.prefixes.push({ parent, text, tokens, hash: hashText(text), leaves: 0, leafBytes: 0, hasRest: false });
    return this.prefixes.length - 1;
  }

  #setLeaf(entry: number, parent: number): void {
    this.parents[entry] = parent;
    if (parent === NONE) return;
    const prefix = this.prefixes[parent];
    prefix.leaves++;
    prefix.leafBytes += this.#traits.bytes(entry);
    if (isRestOf(this.#patterns[entry], prefix.text) && this.#traits.isPlain(entry)) prefix.hasRest = true;
  }
}

/** The pattern of everything under a prefix. */
export function restOf(prefix: string): string {
  return prefix === "" ? ">" : `${prefix}.>`;
}

/** Of a pattern that begins with the prefix. */
function isRestOf(pattern: string, prefix: string): boolean {
  return pattern.endsWith(">") && pattern.length === (prefix === "" ? 1 : prefix.length + 2);
}

function firstTokens(pattern: string, tokens: number): string {
  let end = -1;
  for (let i = 0; i < tokens; i++) end = pattern.indexOf(".", end + 1);
  return end < 0 ? "" : pattern.slice(0, end);
}
