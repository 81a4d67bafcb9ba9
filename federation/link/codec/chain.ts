/**
 * The hash of a frame and of all frames before it in its link epoch: tells whether two nodes mean the same frames by the
 * same numbers. A sender whose store went back, and which then gave numbers anew, is found by it. It is made against
 * accidents; who may speak at all is proved elsewhere.
 */

import { wordToHex } from "../../hex.ts";

/** 64 bits as two unsigned halves. */
export interface Chain {
  readonly hi: number;
  readonly lo: number;
}

/** Before the first frame of a link epoch. */
export const CHAIN_START: Chain = { hi: 0, lo: 0 };

export function chainEquals(a: Chain, b: Chain): boolean {
  return a.hi === b.hi && a.lo === b.lo;
}

/** 16 lower-case hexadecimal digits. */
export function chainToHex({ hi, lo }: Chain): string {
  return wordToHex(hi) + wordToHex(lo);
}

/** The opposite of `chainToHex`; anything else is `CHAIN_START`, which fits no frame but the first. */
export function chainFromHex(hex: string): Chain {
  if (!isChainHex(hex)) return CHAIN_START;
  return { hi: parseInt(hex.slice(0, 8), 16), lo: parseInt(hex.slice(8), 16) };
}

export function isChainHex(text: string): boolean {
  return /^[0-9a-f]{16}$/.test(text);
}

/** The chain after a frame, from the two checksums that it carries: of what it says about its events, and of their records. */
export function nextChain(previous: Chain, sums: { readonly head: number; readonly body: number }): Chain {
  const lo = scramble(previous.lo ^ sums.head);
  const hi = scramble(Math.imul(previous.hi, 5) + lo ^ sums.body);
  return { hi, lo: (lo ^ Math.imul(hi, 0x9e3779b1)) >>> 0 };
}

/** The finalizer of MurmurHash3: one-to-one, and each bit of the input turns about half of the output's. */
function scramble(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
