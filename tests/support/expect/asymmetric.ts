/** The stand-ins that `expect` offers: `expect.any(Number)`, `expect.objectContaining({ … })` and so on. */

import { inspect } from "node:util";

import { type AsymmetricMatcher, deepEqual } from "./deep_equal.ts";

// deno-lint-ignore no-explicit-any -- a constructor's arguments do not matter here
type Constructor = abstract new (...args: any[]) => unknown;

/** Any value of that class; primitives count as instances of `String`, `Number`, `Boolean`, `BigInt` and `Symbol`. */
export function any(expected: Constructor | typeof BigInt | typeof Symbol): AsymmetricMatcher {
  const primitive = primitives.get(expected);
  return matcher(
    `any(${expected.name})`,
    (actual) =>
      primitive === undefined
        ? typeof expected === "function" && actual instanceof (expected as Constructor)
        : typeof actual === primitive || actual instanceof (expected as Constructor),
  );
}

/** Anything but `null` and `undefined`. */
export function anything(): AsymmetricMatcher {
  return matcher("anything()", (actual) => actual !== null && actual !== undefined);
}

/** An object with at least these properties. */
export function objectContaining(expected: object): AsymmetricMatcher {
  return matcher(`objectContaining(${inspect(expected)})`, (actual) =>
    typeof actual === "object" && actual !== null &&
    Object.entries(expected).every(([key, value]) => key in actual && deepEqual((actual as never)[key], value)));
}

/** An array that holds at least these items, in any order. */
export function arrayContaining(expected: readonly unknown[]): AsymmetricMatcher {
  return matcher(
    `arrayContaining(${inspect(expected)})`,
    (actual) => Array.isArray(actual) && expected.every((item) => actual.some((other) => deepEqual(other, item))),
  );
}

export function stringContaining(expected: string): AsymmetricMatcher {
  return matcher(
    `stringContaining(${inspect(expected)})`,
    (actual) => typeof actual === "string" && actual.includes(expected),
  );
}

export function stringMatching(expected: RegExp | string): AsymmetricMatcher {
  return matcher(
    `stringMatching(${inspect(expected)})`,
    (actual) => typeof actual === "string" && new RegExp(expected).test(actual),
  );
}

const primitives = new Map<unknown, string>([
  [String, "string"],
  [Number, "number"],
  [Boolean, "boolean"],
  [BigInt, "bigint"],
  [Symbol, "symbol"],
  [Function, "function"],
]);

function matcher(text: string, asymmetricMatch: (actual: unknown) => boolean): AsymmetricMatcher {
  return { asymmetricMatch, toString: () => text, [inspect.custom]: () => text } as AsymmetricMatcher;
}
