/** Which prefixes to tell as `<prefix>.>`, so that what is told is small and little more crosses links than is wanted. */

import { type PrefixTree, restOf } from "./prefix_tree.ts";
import { RatioHeap } from "./ratio_heap.ts";
import { wantBytes } from "./told_want.ts";

export interface Room {
  readonly entries: number;
  readonly bytes: number;
}

/** Events with a topic that is a prefix or begins with it, in any unit; counts that fade with time serve best. */
export type PrefixWeight = (prefix: string) => number;

/**
 * Share of all traffic that is taken for unwanted without being seen: a count says nothing of what will come. Where there
 * are no counts it decides alone.
 */
const UNSEEN_SHARE = 1 / 8;
/** Nested prefixes double at each level; below this all sums are exact, so that they do not depend on their order. */
const UNSEEN_MAX = 2 ** 48;
const UNITS_MAX = UNSEEN_MAX / UNSEEN_SHARE;
const COLLAPSED_AT_MOST = 1_000_000_000;

/**
 * Prunes the weakest prefix first, as classification trees are pruned (Breiman et al. 1984, §3.3): that with the most
 * patterns saved for each event more, as things stand after those before it. Every prefix that is chosen changes those
 * that it is under, and takes what is under it with it.
 */
export class PrefixPruning {
  readonly #tree: PrefixTree;
  readonly #parents: Int32Array;
  readonly #heap: RatioHeap;
  readonly #chosen: Uint8Array;
  /** By prefix: patterns told for what is under it, and their bytes. */
  readonly #entries: Float64Array;
  readonly #bytes: Float64Array;
  /** By prefix: events under it, and how many of them cross links as things stand. */
  readonly #traffic: Float64Array;
  readonly #crossing: Float64Array;

  /** `patterns`: those of the tree; without `weight` it is guessed that where much is wanted there is much more. */
  constructor(tree: PrefixTree, patterns: readonly string[], weight?: PrefixWeight) {
    const { prefixes } = tree;
    this.#tree = tree;
    this.#parents = Int32Array.from(prefixes, ({ parent }) => parent);
    this.#chosen = new Uint8Array(prefixes.length);
    this.#entries = Float64Array.from(prefixes, ({ leaves }) => leaves);
    this.#bytes = Float64Array.from(prefixes, ({ leafBytes }) => leafBytes);
    this.#traffic = new Float64Array(prefixes.length);
    this.#crossing = new Float64Array(prefixes.length);
    this.#weigh(patterns, weight);
    // Of equally weak prefixes the deeper one goes first, and of two that are as deep always the same.
    this.#heap = new RatioHeap(Float64Array.from(prefixes, ({ tokens, hash }) => tokens * 2 ** 32 + hash));
    for (let i = 0; i < prefixes.length; i++) if (this.#entries[i] > 1) this.#heap.push(i, this.#weakness(i));
  }

  /** Chooses until the rest fits, or everything under the first prefix is one. */
  fit(room: Room): void {
    if (this.#tree.prefixes.length === 0) return;
    // All patterns are under the first prefix.
    while (this.#entries[0] > room.entries || this.#bytes[0] > room.bytes) {
      const prefix = this.#heap.pop();
      if (prefix === undefined) return;
      if (this.#entries[prefix] < 2 || this.#isCovered(prefix)) continue;
      // What was chosen under it was weaker than it, so that it has become stronger, never weaker.
      const weakness = this.#weakness(prefix);
      if (weakness < this.#heap.priorityOf(prefix)) this.#heap.push(prefix, weakness);
      else this.#choose(prefix);
    }
  }

  /** By prefix: the shortest chosen one that it is or is under; −1: none. */
  cover(): Int32Array {
    const cover = new Int32Array(this.#parents.length).fill(-1);
    for (let i = 0; i < cover.length; i++) {
      const parent = this.#parents[i];
      const above = parent < 0 ? -1 : cover[parent];
      cover[i] = above < 0 && this.#chosen[i] === 1 ? i : above;
    }
    return cover;
  }

  #weigh(patterns: readonly string[], weight: PrefixWeight | undefined): void {
    const { prefixes, parents } = this.#tree;
    const unseen = new Float64Array(prefixes.length); // of all that is wanted under a prefix there is as much that is not
    for (let i = prefixes.length - 1; i >= 0; i--) {
      const { leaves, parent } = prefixes[i];
      unseen[i] = Math.min(2 * (unseen[i] + leaves), UNSEEN_MAX);
      if (parent >= 0) {
        unseen[parent] += unseen[i];
        this.#entries[parent] += this.#entries[i];
        this.#bytes[parent] += this.#bytes[i];
      }
    }
    // Traffic is counted in the unit of the unseen, as whole numbers.
    const total = weight === undefined ? 0 : atLeastZero(weight(prefixes[0]?.text ?? ""));
    const scale = (unseen[0] ?? 0) / UNSEEN_SHARE / Math.max(total, 1);
    const unitsOf = (seen: number): number => Math.min(Math.round(atLeastZero(seen) * scale), UNITS_MAX);
    for (let entry = 0; entry < patterns.length; entry++) {
      const seen = weight === undefined ? 0 : unitsOf(seenBy(patterns[entry], weight));
      if (parents[entry] >= 0) this.#crossing[parents[entry]] += seen + 1;
    }
    for (let i = prefixes.length - 1; i >= 0; i--) {
      const { parent, text, hasRest } = prefixes[i];
      const seen = weight === undefined ? 0 : unitsOf(weight(text));
      this.#traffic[i] = Math.max(seen + unseen[i], this.#crossing[i]);
      if (hasRest) this.#crossing[i] = this.#traffic[i];
      if (parent >= 0) this.#crossing[parent] += this.#crossing[i];
    }
  }

  /** Patterns saved for each event more. */
  #weakness(prefix: number): number {
    return (this.#entries[prefix] - 1) / Math.max(this.#traffic[prefix] - this.#crossing[prefix], 0);
  }

  #choose(prefix: number): void {
    this.#chosen[prefix] = 1;
    const savedEntries = this.#entries[prefix] - 1;
    const pattern = restOf(this.#tree.prefixes[prefix].text);
    const savedBytes = this.#bytes[prefix] - wantBytes({ pattern, durable: true, collapsed: COLLAPSED_AT_MOST });
    let more = this.#traffic[prefix] - this.#crossing[prefix];
    this.#crossing[prefix] = this.#traffic[prefix];
    this.#entries[prefix] = 1;
    this.#bytes[prefix] -= savedBytes;
    for (let i = this.#parents[prefix]; i >= 0; i = this.#parents[i]) {
      this.#entries[i] -= savedEntries;
      this.#bytes[i] -= savedBytes;
      more = Math.min(more, this.#traffic[i] - this.#crossing[i]);
      this.#crossing[i] += more;
    }
  }

  #isCovered(prefix: number): boolean {
    for (let i = prefix; i >= 0; i = this.#parents[i]) if (this.#chosen[i] === 1) return true;
    return false;
  }
}

/** Events that a pattern asks for, as far as counts by prefix can tell. */
function seenBy(pattern: string, weight: PrefixWeight): number {
  const prefix = pattern.endsWith(".>") ? pattern.slice(0, -2) : pattern;
  return prefix.includes("*") ? 0 : weight(prefix);
}

function atLeastZero(weight: number): number {
  return weight > 0 && weight < Infinity ? weight : 0;
}
