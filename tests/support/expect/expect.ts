/** `expect` for Deno: the matchers of `bun:test` that the tests of this project use. */

import { inspect } from "node:util";

import * as asymmetric from "./asymmetric.ts";
import { deepEqual } from "./deep_equal.ts";

// deno-lint-ignore no-explicit-any -- a constructor's arguments do not matter here
type ErrorClass = abstract new (...args: any[]) => unknown;

/** What may be asked of an error: part of its message, a pattern, its class, or an error with the same message. */
export type ExpectedError = string | RegExp | ErrorClass | Error;

/** The matchers. `Result` is `void`, or `Promise<void>` behind `resolves` and `rejects`. */
export interface Matchers<Result> {
  readonly not: Matchers<Result>;
  readonly resolves: Matchers<Promise<void>>;
  readonly rejects: Matchers<Promise<void>>;
  toBe(expected: unknown): Result;
  toEqual(expected: unknown): Result;
  toStrictEqual(expected: unknown): Result;
  toMatchObject(expected: object): Result;
  toBeUndefined(): Result;
  toBeDefined(): Result;
  toBeNull(): Result;
  toBeNaN(): Result;
  toBeTruthy(): Result;
  toBeFalsy(): Result;
  toBeTrue(): Result;
  toBeFalse(): Result;
  toBeGreaterThan(expected: number | bigint): Result;
  toBeGreaterThanOrEqual(expected: number | bigint): Result;
  toBeLessThan(expected: number | bigint): Result;
  toBeLessThanOrEqual(expected: number | bigint): Result;
  toBeCloseTo(expected: number, digits?: number): Result;
  toBeInstanceOf(expected: ErrorClass): Result;
  toMatch(expected: string | RegExp): Result;
  toStartWith(expected: string): Result;
  toEndWith(expected: string): Result;
  toContain(expected: unknown): Result;
  toContainEqual(expected: unknown): Result;
  toHaveLength(expected: number): Result;
  toHaveProperty(path: string | readonly (string | number)[], expected?: unknown): Result;
  toThrow(expected?: ExpectedError): Result;
}

/** An expectation that did not hold. */
export class ExpectationError extends Error {
  override readonly name = "ExpectationError";
}

/** Starts an expectation on `actual`. */
export function expect(actual?: unknown, note?: string): Matchers<void> {
  return createMatchers<void>({ note, negated: false, run: (judge) => judge(actual) });
}

expect.any = asymmetric.any;
expect.anything = asymmetric.anything;
expect.objectContaining = asymmetric.objectContaining;
expect.arrayContaining = asymmetric.arrayContaining;
expect.stringContaining = asymmetric.stringContaining;
expect.stringMatching = asymmetric.stringMatching;
/** Fails: the test must never come here. */
expect.unreachable = (message = "reached unreachable code"): never => {
  throw new ExpectationError(message);
};

interface Verdict {
  readonly pass: boolean;
  /** What was asked, for the failure message: `to be 3`. */
  readonly asked: string;
}

type Check = (actual: unknown, args: readonly unknown[]) => Verdict;

interface Chain<Result> {
  readonly note: string | undefined;
  readonly negated: boolean;
  /** Hands the value to the judge: at once, or when a promise settles. */
  readonly run: (judge: (actual: unknown) => void) => Result;
}

function createMatchers<Result>(chain: Chain<Result>): Matchers<Result> {
  const matchers: Record<string, unknown> = {};
  for (const [name, check] of Object.entries(checks)) {
    matchers[name] = (...args: unknown[]) =>
      chain.run((actual) => judge(check(actual, args), actual, chain.negated, chain.note));
  }
  return Object.defineProperties(matchers, {
    not: { get: () => createMatchers({ ...chain, negated: !chain.negated }) },
    resolves: { get: () => createMatchers({ ...chain, run: (judge) => settle(chain, judge, "resolves") }) },
    rejects: { get: () => createMatchers({ ...chain, run: (judge) => settle(chain, judge, "rejects") }) },
  }) as unknown as Matchers<Result>;
}

function judge(verdict: Verdict, actual: unknown, negated: boolean, note: string | undefined): void {
  if (verdict.pass !== negated) return;
  const prefix = note === undefined ? "" : `${note}\n`;
  throw new ExpectationError(
    `${prefix}Expected ${negated ? "not " : ""}${verdict.asked}\nReceived: ${show(actual)}`,
  );
}

async function settle<Result>(
  chain: Chain<Result>,
  judge: (actual: unknown) => void,
  expected: "resolves" | "rejects",
): Promise<void> {
  let promise: unknown;
  chain.run((actual) => promise = typeof actual === "function" ? actual() : actual);
  const outcome = await Promise.resolve(promise).then(
    (value) => ({ type: "resolves", value }),
    (value: unknown) => ({ type: "rejects", value }),
  );
  if (outcome.type !== expected) {
    throw new ExpectationError(`Expected a promise that ${expected}\nIt ${outcome.type} with: ${show(outcome.value)}`);
  }
  // A rejection reaches `toThrow` as a function that throws it, so that both forms are judged by one rule.
  judge(expected === "rejects" ? new Rejection(outcome.value) : outcome.value);
}

class Rejection {
  readonly reason: unknown;
  constructor(reason: unknown) {
    this.reason = reason;
  }
}

/** Checks see the reason of a rejection, save `toThrow`, which takes it as what was thrown. */
function plain(check: Check): Check {
  return (actual, args) => check(actual instanceof Rejection ? actual.reason : actual, args);
}

function asks(text: string, test: (actual: unknown, ...args: never[]) => boolean): Check {
  return plain((actual, args) => ({
    pass: test(actual, ...args as never[]),
    asked: args.length === 0 ? text : `${text} ${args.map(show).join(", ")}`,
  }));
}

const checks: Record<string, Check> = {
  toBe: asks("to be", (actual, expected: unknown) => Object.is(actual, expected)),
  toEqual: asks("to equal", (actual, expected: unknown) => deepEqual(actual, expected)),
  toStrictEqual: asks("to equal strictly", (actual, expected) => deepEqual(actual, expected, { strict: true })),
  toMatchObject: asks("to match", (actual, expected: object) => deepEqual(actual, expected, { subset: true })),
  toBeUndefined: asks("to be undefined", (actual) => actual === undefined),
  toBeDefined: asks("to be defined", (actual) => actual !== undefined),
  toBeNull: asks("to be null", (actual) => actual === null),
  toBeNaN: asks("to be NaN", (actual) => Number.isNaN(actual)),
  toBeTruthy: asks("to be truthy", (actual) => Boolean(actual)),
  toBeFalsy: asks("to be falsy", (actual) => !actual),
  toBeTrue: asks("to be true", (actual) => actual === true),
  toBeFalse: asks("to be false", (actual) => actual === false),
  toBeGreaterThan: asks("to be greater than", (actual, limit: number) => toNumber(actual) > limit),
  toBeGreaterThanOrEqual: asks("to be at least", (actual, limit: number) => toNumber(actual) >= limit),
  toBeLessThan: asks("to be less than", (actual, limit: number) => toNumber(actual) < limit),
  toBeLessThanOrEqual: asks("to be at most", (actual, limit: number) => toNumber(actual) <= limit),
  toBeCloseTo: asks("to be close to", isClose),
  toBeInstanceOf: asks("to be an instance of", (actual, expected: ErrorClass) => actual instanceof expected),
  toMatch: asks("to match", (actual, expected: string | RegExp) => matchesText(String(actual), expected)),
  toStartWith: asks("to start with", (actual, expected: string) => String(actual).startsWith(expected)),
  toEndWith: asks("to end with", (actual, expected: string) => String(actual).endsWith(expected)),
  toContain: asks("to contain", contains),
  toContainEqual: asks(
    "to contain the equal of",
    (actual, expected: unknown) => [...actual as Iterable<unknown>].some((item) => deepEqual(item, expected)),
  ),
  toHaveLength: asks("to have length", (actual, length: number) => (actual as { length: number }).length === length),
  toHaveProperty: plain((actual, args) => ({
    pass: hasProperty(actual, args),
    asked: `to have property ${args.map(show).join(" = ")}`,
  })),
  toThrow: (actual, [expected]) => ({
    pass: throwsAsExpected(actual, expected as ExpectedError | undefined),
    asked: expected === undefined ? "to throw" : `to throw ${show(expected)}`,
  }),
};

function toNumber(actual: unknown): number | bigint {
  if (typeof actual === "number" || typeof actual === "bigint") return actual;
  throw new ExpectationError(`Expected a number to compare\nReceived: ${show(actual)}`);
}

function isClose(actual: unknown, expected: number, digits = 2): boolean {
  return actual === expected || Math.abs(Number(actual) - expected) < 10 ** -digits / 2;
}

function contains(actual: unknown, expected: unknown): boolean {
  if (typeof actual === "string") return actual.includes(expected as string);
  return [...actual as Iterable<unknown>].some((item) => item === expected || Object.is(item, expected));
}

function hasProperty(actual: unknown, [path, ...expected]: readonly unknown[]): boolean {
  const keys = Array.isArray(path) ? path as (string | number)[] : String(path).split(/[.[\]]+/).filter(Boolean);
  let value = actual;
  for (const key of keys) {
    if (value === null || value === undefined || !(key in Object(value))) return false;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return expected.length === 0 || deepEqual(value, expected[0]);
}

function throwsAsExpected(actual: unknown, expected: ExpectedError | undefined): boolean {
  const outcome = actual instanceof Rejection ? { thrown: actual.reason } : callFor(actual);
  if (outcome === undefined) return false;
  if (expected === undefined) return true;
  const { thrown } = outcome;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (typeof expected === "string" || expected instanceof RegExp) return matchesText(message, expected);
  if (expected instanceof Error) return message === expected.message;
  return thrown instanceof expected;
}

function callFor(actual: unknown): { readonly thrown: unknown } | undefined {
  if (typeof actual !== "function") throw new ExpectationError(`Expected a function\nReceived: ${show(actual)}`);
  try {
    actual();
    return undefined;
  } catch (thrown) {
    return { thrown };
  }
}

function matchesText(text: string, expected: string | RegExp): boolean {
  return typeof expected === "string" ? text.includes(expected) : expected.test(text);
}

function show(value: unknown): string {
  if (value instanceof Rejection) return `a rejection with ${show(value.reason)}`;
  return inspect(value, { depth: 8, maxArrayLength: 200, maxStringLength: 10_000, breakLength: 100 });
}
