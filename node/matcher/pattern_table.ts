/** Numbers patterns, counts their users, and finds the numbers of those that fit a topic. */

import { Crowds } from "./crowds.ts";
import { PatternRecords, RECORD_TEXT_BYTES_MAX } from "./pattern_records.ts";
import type { Shape } from "./shape.ts";
import { ShapeSet } from "./shape_set.ts";
import { TokenReader } from "./token_reader.ts";

export interface PatternTableOptions {
  /** Any 32-bit integer, random by default: kept secret, it keeps others from crafting patterns of equal hash. */
  readonly seed?: number;
  /**
   * Most shapes that have a `*`, 64 by default. Higher keeps matching exact for more kinds of patterns, at about 20 ns a
   * match for each shape in use; past it patterns are filed more coarsely and cost a comparison for each candidate.
   */
  readonly starShapesMax?: number;
  /** Bits of a hash that count, all 31 by default; fewer make hashes collide, for tests. */
  readonly hashMask?: number;
}

const STAR_SHAPES_MAX = 64;
const HASH_MASK = 0x7fffffff;

/**
 * A set of patterns with small dense ids. Every pattern that its hashes find is compared byte by byte before it counts, so
 * colliding hashes cost time and never give a wrong answer. No operation copies more than one page of hashes, so none
 * stalls, whatever the size. Memory follows the largest number of patterns held and is reused, not given back.
 *
 * Texts are trusted to be valid: see `parsePattern` and `parseTopic`.
 */
export class PatternTable {
  readonly #tokens: TokenReader;
  readonly #records = new PatternRecords();
  readonly #shapes: ShapeSet;
  readonly #crowds = new Crowds();
  readonly #hashMask: number;
  #size = 0;

  constructor(options: PatternTableOptions = {}) {
    this.#tokens = new TokenReader(options.seed ?? randomSeed());
    this.#shapes = new ShapeSet({ starShapesMax: options.starShapesMax ?? STAR_SHAPES_MAX });
    this.#hashMask = options.hashMask ?? HASH_MASK;
  }

  /** Number of different patterns. */
  get size(): number {
    return this.#size;
  }

  /** Number of shapes, each with at least one pattern: about what a match has to look into. */
  get shapeCount(): number {
    return this.#shapes.size;
  }

  /** Bytes held in arrays, at most 64 a pattern in tables of many. */
  get bytes(): number {
    return this.#records.bytes + this.#shapes.bytes;
  }

  /**
   * Counts one more user of a pattern and returns its id, which stays the same until its last user releases it.
   * Throws `RangeError` for a pattern of more than 65,532 bytes.
   */
  acquire(pattern: string): number {
    this.#tokens.read(pattern);
    const filed = this.#find();
    if (filed !== undefined) {
      this.#records.changeCount(filed.id, 1);
      return filed.id;
    }
    if (this.#tokens.length > RECORD_TEXT_BYTES_MAX) {
      throw new RangeError(
        `Cannot add pattern "${
          pattern.slice(0, 80)
        }…": it has ${this.#tokens.length} bytes; use at most ${RECORD_TEXT_BYTES_MAX}`,
      );
    }
    return this.#file();
  }

  /** Counts one user less. Returns true if it was the last: the id is then free to stand for another pattern. */
  release(id: number): boolean {
    this.#demand(id);
    if (this.#records.changeCount(id, -1) > 0) return false;
    this.#tokens.read(this.#records.textOf(id));
    const { shape, hash, value } = this.#find()!;
    this.#put(shape, hash, this.#crowds.remove(value, id));
    if (--shape.size === 0) this.#shapes.drop(shape);
    this.#records.free(id);
    this.#size--;
    return true;
  }

  /** The id of a pattern, or `undefined` if nobody uses it. */
  find(pattern: string): number | undefined {
    this.#tokens.read(pattern);
    return this.#find()?.id;
  }

  /** The pattern of an id. */
  patternOf(id: number): string {
    this.#demand(id);
    return this.#records.textOf(id);
  }

  /** Ids in use, ascending; the table must not change meanwhile. */
  ids(): Iterable<number> {
    return this.#records.ids();
  }

  /** Appends the ids of the patterns that fit the topic to `ids`, each once, in no order, and returns `ids`. */
  match(topic: string, ids: number[] = []): number[] {
    const tokens = this.#tokens;
    tokens.read(topic);
    const { exact, rest } = this.#shapes;
    if (tokens.count < exact.length) {
      const shapes = exact[tokens.count];
      for (let i = 0; i < shapes.length; i++) this.#look(shapes[i], ids);
    }
    for (let i = 0; i < rest.length && rest[i].length < tokens.count; i++) this.#look(rest[i], ids);
    return ids;
  }

  /** Appends the patterns of one shape that fit the topic just read. */
  #look(shape: Shape, ids: number[]): void {
    const value = shape.index.get(shape.hashOf(this.#tokens) & this.#hashMask);
    if (value > 0) {
      if (this.#records.matches(value - 1, this.#tokens)) ids.push(value - 1);
    } else if (value < 0) {
      for (const id of this.#crowds.idsOf(value)) {
        if (this.#records.matches(id, this.#tokens)) ids.push(id);
      }
    }
  }

  /** Where the pattern just read is filed. */
  #find(): { shape: Shape; hash: number; value: number; id: number } | undefined {
    for (const shape of this.#shapes.shapesOf(this.#tokens)) {
      const hash = shape.hashOf(this.#tokens) & this.#hashMask;
      const value = shape.index.get(hash);
      const ids = value < 0 ? this.#crowds.idsOf(value) : value > 0 ? [value - 1] : [];
      const id = ids.find((candidate) => this.#records.equals(candidate, this.#tokens));
      if (id !== undefined) return { shape, hash, value, id };
    }
    return undefined;
  }

  /** Files the pattern just read, which is new. */
  #file(): number {
    const shape = this.#shapes.takeFor(this.#tokens);
    const hash = shape.hashOf(this.#tokens) & this.#hashMask;
    const id = this.#records.create(this.#tokens);
    this.#put(shape, hash, this.#crowds.add(shape.index.get(hash), id));
    shape.size++;
    this.#size++;
    return id;
  }

  #put(shape: Shape, hash: number, value: number): void {
    if (value === 0) shape.index.delete(hash);
    else shape.index.set(hash, value);
  }

  #demand(id: number): void {
    if (!this.#records.has(id)) throw new RangeError(`Cannot find pattern ${id}: no pattern has this id now`);
  }
}

function randomSeed(): number {
  return crypto.getRandomValues(new Int32Array(1))[0];
}
