/** The patterns of LIKE, compiled to matchers that need linear time whatever the text (CESQL 1.0 §3.4.3). */

/**
 * Characters of a pattern. With it the work for one character of the text is bounded (32 steps), so that matching is
 * linear in the text.
 */
export const PATTERN_LENGTH_MAX = 1_024;

export type LikeMatcher = (text: string) => boolean;

/**
 * Compiles a pattern: `%` is any run of characters, `_` one character (a Unicode code point), `\%` and `\_` are those
 * characters themselves; any other backslash stands for itself. Matching allocates nothing, but for runs longer than
 * 32 characters between two `%`.
 *
 * @throws {RangeError} if the pattern is longer than `PATTERN_LENGTH_MAX`.
 */
export function compileLikePattern(pattern: string): LikeMatcher {
  if (pattern.length > PATTERN_LENGTH_MAX) {
    throw new RangeError(
      `the pattern has ${pattern.length} characters, more than ${PATTERN_LENGTH_MAX}; use a shorter one`,
    );
  }
  const segments = parseSegments(pattern);
  const first = segments[0];
  const last = segments[segments.length - 1];
  if (segments.length === 1) return matchWhole(first);
  const middle = segments.slice(1, -1).filter((segment) => segment.length > 0);
  if (middle.length > 0) return matchParts(first, middle, last);
  return matchEnds(first, last);
}

/** The characters between two `%`, as code points; `ANY` stands for `_`. */
type Segment = readonly number[];

const ANY = -1;

function parseSegments(pattern: string): Segment[] {
  const segments: number[][] = [[]];
  const characters = Array.from(pattern);
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index];
    const next = characters[index + 1];
    const segment = segments[segments.length - 1];
    if (character === "\\" && (next === "%" || next === "_")) {
      segment.push(next.charCodeAt(0));
      index++;
    } else if (character === "%") {
      segments.push([]);
    } else {
      segment.push(character === "_" ? ANY : character.codePointAt(0)!);
    }
  }
  return segments;
}

/** The text of a segment, or `undefined` if it has a `_`. */
function toLiteral(segment: Segment): string | undefined {
  return segment.includes(ANY) ? undefined : segment.map((point) => String.fromCodePoint(point)).join("");
}

/** No `%`. */
function matchWhole(segment: Segment): LikeMatcher {
  const literal = toLiteral(segment);
  if (literal !== undefined) return (text) => text === literal;
  return (text) => matchForward(text, segment) === text.length;
}

/** `first%last` */
function matchEnds(first: Segment, last: Segment): LikeMatcher {
  const prefix = toLiteral(first);
  const suffix = toLiteral(last);
  if (prefix === undefined || suffix === undefined) return matchParts(first, [], last);
  if (suffix === "") return (text) => text.startsWith(prefix);
  if (prefix === "") return (text) => text.endsWith(suffix);
  const lengthMin = prefix.length + suffix.length;
  return (text) => text.length >= lengthMin && text.startsWith(prefix) && text.endsWith(suffix);
}

/** `first%middle%…%last`: taking each middle segment as early as possible leaves most room for the next. */
function matchParts(first: Segment, middle: readonly Segment[], last: Segment): LikeMatcher {
  const finders = middle.map(compileFinder);
  return (text) => {
    let start = matchForward(text, first);
    if (start < 0) return false;
    const end = matchBackward(text, last);
    if (end < start) return false;
    for (let index = 0; index < finders.length; index++) {
      start = finders[index](text, start, end);
      if (start < 0) return false;
    }
    return true;
  };
}

/** Where the segment ends if the text starts with it, else −1. */
function matchForward(text: string, segment: Segment, start = 0): number {
  let position = start;
  for (let index = 0; index < segment.length; index++) {
    const point = codePointAt(text, position);
    if (position >= text.length || (segment[index] !== ANY && segment[index] !== point)) return -1;
    position += point > 0xffff ? 2 : 1;
  }
  return position;
}

/** Where the segment starts if the text ends with it, else −1. */
function matchBackward(text: string, segment: Segment): number {
  let position = text.length;
  for (let index = segment.length - 1; index >= 0; index--) {
    const pair = position > 1 ? codePointAt(text, position - 2) : 0;
    const point = pair > 0xffff ? pair : text.charCodeAt(position - 1);
    if (position === 0 || (segment[index] !== ANY && segment[index] !== point)) return -1;
    position -= point > 0xffff ? 2 : 1;
  }
  return position;
}

/**
 * The code point that starts there; a lone surrogate is one. Not by `String.prototype.codePointAt`: optimised by V8 15 it
 * reads beyond the end of a slice, and makes a surrogate at that end a pair with what the text went on with.
 */
function codePointAt(text: string, position: number): number {
  const unit = text.charCodeAt(position);
  if ((unit & 0xfc00) !== 0xd800) return unit;
  const next = text.charCodeAt(position + 1);
  return (next & 0xfc00) === 0xdc00 ? 0x10000 + ((unit & 0x3ff) << 10) + (next & 0x3ff) : unit;
}

/** Where the earliest occurrence of a segment in `text[start … end)` ends, or −1. */
type Finder = (text: string, start: number, end: number) => number;

/** Bits of a word of `#states`; also the length up to which trying every start costs no more than that. */
const WORD_BITS = 32;

function compileFinder(segment: Segment): Finder {
  if (segment.length > WORD_BITS) return compileLongFinder(segment);
  const literal = toLiteral(segment);
  if (literal === undefined) return (text, start, end) => findShort(segment, text, start, end);
  return (text, start, end) => {
    const found = text.indexOf(literal, start);
    return found < 0 || found + literal.length > end ? -1 : found + literal.length;
  };
}

function findShort(segment: Segment, text: string, from: number, end: number): number {
  for (let start = from; start < end; start += codePointAt(text, start) > 0xffff ? 2 : 1) {
    const found = matchForward(text, segment, start);
    if (found >= 0) return found <= end ? found : -1;
  }
  return -1;
}

/**
 * Shift-And (Baeza-Yates and Gonnet, 1992) over words of 32 bits: bit i of the state says that the characters read
 * last are the first i + 1 of the segment.
 */
function compileLongFinder(segment: Segment): Finder {
  const words = Math.ceil(segment.length / WORD_BITS);
  const masks = compileMasks(segment, words);
  const maskOfOthers = masks.get(ANY)!;
  const lastBit = 1 << ((segment.length - 1) % WORD_BITS);
  return (text, start, end) => {
    const state = new Int32Array(words);
    for (let position = start; position < end;) {
      const point = codePointAt(text, position);
      position += point > 0xffff ? 2 : 1;
      advance(state, masks.get(point) ?? maskOfOthers);
      if ((state[words - 1] & lastBit) !== 0) return position;
    }
    return -1;
  };
}

function advance(state: Int32Array, mask: Int32Array): void {
  let carry = 1; // an occurrence may start at any character
  for (let word = 0; word < state.length; word++) {
    const overflow = state[word] >>> (WORD_BITS - 1);
    state[word] = ((state[word] << 1) | carry) & mask[word];
    carry = overflow;
  }
}

/** For each character of the segment the places where it fits; under `ANY` those where every other character does. */
function compileMasks(segment: Segment, words: number): ReadonlyMap<number, Int32Array> {
  const masks = new Map([...new Set([ANY, ...segment])].map((point) => [point, new Int32Array(words)]));
  segment.forEach((wanted, index) => {
    const bit = 1 << (index % WORD_BITS);
    for (const [point, mask] of masks) {
      if (wanted === ANY || wanted === point) mask[Math.floor(index / WORD_BITS)] |= bit;
    }
  });
  return masks;
}
