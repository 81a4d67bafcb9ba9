/** A shape: all patterns of one length whose wildcards stand in the same places; it decides which tokens a hash reads. */

import type { HashIndex } from "./hash_index.ts";
import type { TokenReader } from "./token_reader.ts";

/** What a shape is, apart from the patterns in it. */
export interface ShapeForm {
  /** Tokens before a closing `>`, or all tokens when there is none. */
  readonly length: number;
  /** Whether the pattern ends in `>`: it then fits topics of more than `length` tokens, else of exactly as many. */
  readonly rest: boolean;
  /** Positions of `*`, ascending. */
  readonly stars: readonly number[];
}

/** A shape in use, with the index of its patterns by the hash of their literal tokens. */
export class Shape {
  readonly length: number;
  readonly rest: boolean;
  readonly stars: readonly number[];
  readonly index: HashIndex;
  /** Patterns filed here. */
  size = 0;

  constructor(form: ShapeForm, index: HashIndex) {
    this.length = form.length;
    this.rest = form.rest;
    this.stars = form.stars;
    this.index = index;
  }

  /** 31-bit hash of the tokens that this shape reads in the text just read, which has at least `length` tokens. */
  hashOf(tokens: TokenReader): number {
    let sum = tokens.sums[this.length];
    for (let i = 0; i < this.stars.length; i++) sum = (sum - tokens.hashes[this.stars[i]]) | 0;
    return sum >>> 1;
  }
}

/** The form of the pattern just read. */
export function formOf(tokens: TokenReader): ShapeForm {
  const rest = tokens.endsInRest();
  return { length: rest ? tokens.count - 1 : tokens.count, rest, stars: tokens.starPositions() };
}

/**
 * A coarser form: it reads only the literal tokens before the first `*`, and fits every topic that `form` fits. There are
 * never more such forms than tokens in a pattern.
 */
export function coarseFormOf(form: ShapeForm): ShapeForm {
  return form.stars.length === 0 ? form : { length: form.stars[0], rest: true, stars: [] };
}

/** Equal for equal forms only. */
export function keyOf(form: ShapeForm): string {
  return `${form.length}${form.rest ? ">" : ""}*${form.stars.join()}`;
}
