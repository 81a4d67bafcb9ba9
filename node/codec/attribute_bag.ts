/** The object that holds an event's attributes while it is decoded. */

import type { AttributeValue } from "../event.ts";

/** Attributes by name; becomes `EventAttributes` once the required ones are known to be there. */
export type AttributeBag = Record<string, AttributeValue>;

// An empty object without prototype as the prototype: no name is inherited, and unlike Object.create(null) the engines
// keep such an object in a fast shape (measured on V8: a fifth of the time to fill and read).
const Bag = function () {} as unknown as new () => AttributeBag;
Bag.prototype = Object.freeze(Object.create(null));

/** An object without attributes; no name is inherited, so any attribute name is only ever data. */
export function createAttributeBag(): AttributeBag {
  return new Bag();
}
