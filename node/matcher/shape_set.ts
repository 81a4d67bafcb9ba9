/** The shapes in use, arranged so that a match meets only those that can fit its topic. */

import { HashIndex } from "./hash_index.ts";
import { PagePool } from "./page_pool.ts";
import { coarseFormOf, formOf, keyOf, Shape, type ShapeForm } from "./shape.ts";
import type { TokenReader } from "./token_reader.ts";

/**
 * A match looks once into each shape that fits, so shapes with `*` are capped: `starShapesMax`. Past that a pattern is
 * filed in a coarser shape, which reads fewer of its tokens: found all the same, only among more candidates. Shapes
 * without `*` need no cap: at most one a token can fit a topic.
 */
export class ShapeSet {
  /** Shapes without `>`, by length. */
  readonly exact: Shape[][] = [];
  /** Shapes with `>`, shortest first. */
  readonly rest: Shape[] = [];

  readonly #pool = new PagePool();
  readonly #byKey = new Map<string, Shape>();
  readonly #starShapesMax: number;
  #starShapes = 0;

  constructor(options: { readonly starShapesMax: number }) {
    this.#starShapesMax = options.starShapesMax;
  }

  /** Shapes in which the pattern just read may be filed now: its own and the coarser one, as far as they exist. */
  shapesOf(tokens: TokenReader): Shape[] {
    const form = formOf(tokens);
    const own = this.#byKey.get(keyOf(form));
    // Also when its own exists: it may have been made after the pattern was filed.
    const coarse = form.stars.length === 0 ? undefined : this.#byKey.get(keyOf(coarseFormOf(form)));
    return [own, coarse].filter((shape) => shape !== undefined);
  }

  /** The shape in which to file the pattern just read, made if need be. */
  takeFor(tokens: TokenReader): Shape {
    const form = formOf(tokens);
    return this.#byKey.get(keyOf(form)) ?? (this.#hasRoomFor(form) ? this.#make(form) : this.#takeCoarse(form));
  }

  /** Forgets a shape that has become empty. */
  drop(shape: Shape): void {
    this.#byKey.delete(keyOf(shape));
    const list = shape.rest ? this.rest : this.exact[shape.length];
    list.splice(list.indexOf(shape), 1);
    if (shape.stars.length > 0) this.#starShapes--;
    shape.index.dispose();
  }

  /** Number of shapes. */
  get size(): number {
    return this.#byKey.size;
  }

  /** Bytes held in arrays. */
  get bytes(): number {
    return this.#byKey.values().reduce((sum, shape) => sum + shape.index.bytes, this.#pool.bytes);
  }

  #hasRoomFor(form: ShapeForm): boolean {
    return form.stars.length === 0 || this.#starShapes < this.#starShapesMax;
  }

  #takeCoarse(form: ShapeForm): Shape {
    const coarse = coarseFormOf(form);
    return this.#byKey.get(keyOf(coarse)) ?? this.#make(coarse);
  }

  #make(form: ShapeForm): Shape {
    const shape = new Shape(form, new HashIndex(this.#pool));
    this.#byKey.set(keyOf(form), shape);
    if (form.stars.length > 0) this.#starShapes++;
    if (form.rest) {
      this.rest.push(shape);
      this.rest.sort((a, b) => a.length - b.length);
    } else {
      while (this.exact.length <= form.length) this.exact.push([]);
      this.exact[form.length].push(shape);
    }
    return shape;
  }
}
