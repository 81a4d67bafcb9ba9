/** Whether two values are equal as `expect().toEqual()` means it; the rules are those of Bun's matchers. */

/** A stand-in for a value in an expectation, such as `expect.any(Number)`: it decides itself what it is equal to. */
export interface AsymmetricMatcher {
  asymmetricMatch(actual: unknown): boolean;
  toString(): string;
}

export interface DeepEqualOptions {
  /** `toStrictEqual`: a property that is `undefined` differs from a missing one, and classes must be the same. */
  readonly strict?: boolean;
  /** `toMatchObject`: objects in `actual` may have properties that `expected` does not name. */
  readonly subset?: boolean;
}

/** Compares recursively; cyclic values are equal when their cycles have the same shape. */
export function deepEqual(actual: unknown, expected: unknown, options: DeepEqualOptions = {}): boolean {
  return equal(actual, expected, options, []);
}

export function isAsymmetricMatcher(value: unknown): value is AsymmetricMatcher {
  return typeof value === "object" && value !== null && "asymmetricMatch" in value &&
    typeof value.asymmetricMatch === "function";
}

type Pair = readonly [object, object];

function equal(actual: unknown, expected: unknown, options: DeepEqualOptions, open: readonly Pair[]): boolean {
  if (isAsymmetricMatcher(expected)) return expected.asymmetricMatch(actual);
  if (Object.is(actual, expected)) return true;
  if (typeof actual !== "object" || typeof expected !== "object" || actual === null || expected === null) return false;
  if (tagOf(actual) !== tagOf(expected) && !(options.subset && tagOf(expected) === "[object Object]")) return false;
  if (options.strict && Object.getPrototypeOf(actual) !== Object.getPrototypeOf(expected)) return false;
  // A pair that is being compared further out is taken as equal: the comparison that is under way decides.
  if (open.some(([left, right]) => left === actual && right === expected)) return true;
  const nested: readonly Pair[] = [...open, [actual, expected]];
  return equalObjects(actual, expected, options, nested);
}

function equalObjects(actual: object, expected: object, options: DeepEqualOptions, open: readonly Pair[]): boolean {
  if (expected instanceof Date) return Object.is(Number(actual), Number(expected));
  if (expected instanceof RegExp || expected instanceof URL) return String(actual) === String(expected);
  if (expected instanceof Error) return equalErrors(actual as Error, expected);
  if (isBoxed(expected)) return Object.is(actual.valueOf(), expected.valueOf());
  if (expected instanceof ArrayBuffer) {
    return equalBytes(new Uint8Array(actual as ArrayBuffer), new Uint8Array(expected));
  }
  if (ArrayBuffer.isView(expected)) return equalBytes(toBytes(actual as ArrayBufferView), toBytes(expected));
  if (expected instanceof Map) return equalMaps(actual as Map<unknown, unknown>, expected, options, open);
  if (expected instanceof Set) return equalSets(actual as Set<unknown>, expected, options, open);
  if (Array.isArray(expected) && (actual as unknown[]).length !== expected.length) return false;
  return equalProperties(actual, expected, options, open);
}

function equalProperties(actual: object, expected: object, options: DeepEqualOptions, open: readonly Pair[]): boolean {
  const left = actual as Record<PropertyKey, unknown>;
  const right = expected as Record<PropertyKey, unknown>;
  const expectedKeys = propertyKeys(right);
  for (const key of expectedKeys) {
    if (options.strict && !Object.hasOwn(left, key)) return false;
    // A subset names its properties on purpose: `{ a: undefined }` asks for a property that is there.
    if (options.subset && !(key in left)) return false;
    if (!equal(left[key], right[key], options, open)) return false;
  }
  if (options.subset && !Array.isArray(expected)) return true;
  return propertyKeys(left).every((key) => Object.hasOwn(right, key) || (!options.strict && left[key] === undefined));
}

function equalErrors(actual: Error, expected: Error): boolean {
  return actual.name === expected.name && actual.message === expected.message;
}

function equalBytes(actual: Uint8Array, expected: Uint8Array): boolean {
  return actual.length === expected.length && actual.every((byte, index) => byte === expected[index]);
}

function equalMaps(
  actual: Map<unknown, unknown>,
  expected: Map<unknown, unknown>,
  options: DeepEqualOptions,
  open: readonly Pair[],
): boolean {
  if (actual.size !== expected.size) return false;
  return [...expected].every(([key, value]) =>
    actual.has(key)
      ? equal(actual.get(key), value, options, open)
      : [...actual].some(([otherKey, other]) =>
        equal(otherKey, key, options, open) && equal(other, value, options, open)
      )
  );
}

function equalSets(
  actual: Set<unknown>,
  expected: Set<unknown>,
  options: DeepEqualOptions,
  open: readonly Pair[],
): boolean {
  if (actual.size !== expected.size) return false;
  return [...expected].every((value) =>
    actual.has(value) || [...actual].some((other) => equal(other, value, options, open))
  );
}

function propertyKeys(value: object): PropertyKey[] {
  const symbols = Object.getOwnPropertySymbols(value).filter((key) =>
    Object.prototype.propertyIsEnumerable.call(value, key)
  );
  return [...Object.keys(value), ...symbols];
}

function toBytes(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function isBoxed(value: object): boolean {
  return value instanceof Number || value instanceof String || value instanceof Boolean;
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value);
}
