/** Parameters of a query, read as what they should be. */

import { RefusedError } from "../../../../node/mod.ts";

/** A parameter's value, or `undefined` when it is not there. */
export type Query = (name: string) => string | undefined;

/** Entries of a page at most: an answer is built in memory. */
const LIMIT_MAX = 1000;
const LIMIT_DEFAULT = 100;

/** `?limit=`: entries of a page, 100 unless it says otherwise; more than 1,000 are cut to that, `next` leads on. */
export function readLimit(query: Query): number {
  return Math.min(readCount(query, "limit", { least: 1, most: Number.MAX_SAFE_INTEGER }) ?? LIMIT_DEFAULT, LIMIT_MAX);
}

/** A whole number within bounds. Throws `RefusedError` (`INVALID_PARAMETER`). */
export function readCount(query: Query, name: string, bounds: { least: number; most: number }): number | undefined {
  const text = query(name);
  if (text === undefined) return undefined;
  const count = Number(text);
  if (/^\d{1,15}$/.test(text) && count >= bounds.least && count <= bounds.most) return count;
  const { least, most } = bounds;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
  throw invalidParameter(name, text, `it is a whole number ${range}`);
}

/** One of a few words. Throws `RefusedError` (`INVALID_PARAMETER`). */
export function readChoice<T extends string>(query: Query, name: string, choices: readonly T[]): T | undefined {
  const text = query(name);
  if (text === undefined) return undefined;
  const choice = choices.find((choice) => choice === text);
  if (choice !== undefined) return choice;
  throw invalidParameter(name, text, `it is ${choices.map((choice) => `"${choice}"`).join(" or ")}`);
}

/** An RFC 3339 time, as ms since 1970. Throws `RefusedError` (`INVALID_PARAMETER`). */
export function readTime(query: Query, name: string): number | undefined {
  const text = query(name);
  if (text === undefined) return undefined;
  const time = /^\d{4}-\d{2}-\d{2}[Tt ]/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(time)) return time;
  throw invalidParameter(name, text, "it is an RFC 3339 time such as 2026-01-31T12:00:00Z");
}

export function invalidParameter(parameter: string, value: string, rule: string): RefusedError {
  return new RefusedError("INVALID_PARAMETER", `Cannot use parameter ${parameter} "${value}": ${rule}`, { parameter });
}
