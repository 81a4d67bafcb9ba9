/** What a destination tells the origin of its events, and the origin's answer. Cumulative: a later one says it all again. */

import type { Exception } from "../custody/coverage.ts";

/** A part of a receipt: receipts of many intervals travel in several. */
export interface ReceiptPart {
  readonly epoch: number;
  /** Version of the destination's coverage. */
  readonly version: number;
  readonly part: number;
  readonly parts: number;
  /** (after, to]: numbers that are done with. */
  readonly intervals: readonly (readonly [after: number, to: number])[];
  /** Those of them that were not delivered. */
  readonly exceptions: readonly Exception[];
}

export interface ReceiptAck {
  readonly epoch: number;
  readonly version: number;
  /** Everything up to here has ended. */
  readonly low: number;
  /** The epoch is over and everything of it has ended: the destination may forget the numbers. */
  readonly closed: boolean;
  /** Everything of the epochs before this one has ended, too; 0 when that is not known yet. Left out by earlier versions. */
  readonly openFrom?: number;
}

/** Intervals in a part at most: about 8 kB. */
export const PART_INTERVALS = 256;

const GROUPS_MAX = 1024;
const STATES: readonly string[] = ["delivered", "expired", "rejected", "evicted"];

/** Checks what came from another cluster; `undefined` when it is none. */
export function parseReceiptPart(json: unknown): ReceiptPart | undefined {
  const { epoch, version, part, parts, intervals, exceptions } = (json ?? {}) as Record<string, unknown>;
  if (![epoch, version, part, parts].every(isCount)) return undefined;
  if (!Array.isArray(intervals) || intervals.length > PART_INTERVALS || !intervals.every(isInterval)) return undefined;
  if (!Array.isArray(exceptions) || exceptions.length > PART_INTERVALS || !exceptions.every(isException)) {
    return undefined;
  }
  return json as ReceiptPart;
}

export function parseReceiptAck(json: unknown): ReceiptAck | undefined {
  const { epoch, version, low, closed, openFrom = 0 } = (json ?? {}) as Record<string, unknown>;
  return [epoch, version, low, openFrom].every(isCount) && typeof closed === "boolean" ? json as ReceiptAck : undefined;
}

function isInterval(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every(isCount) && value[0] < value[1];
}

function isException(value: unknown): boolean {
  const { sequence, state, reason, groups = [] } = (value ?? {}) as Record<string, unknown>;
  if (!Array.isArray(groups) || groups.length > GROUPS_MAX || !groups.every((name) => typeof name === "string")) {
    return false;
  }
  if (state === "delivered" && reason !== "NO_MEMBER") return false; // else it is no exception
  return isCount(sequence) && typeof state === "string" && STATES.includes(state) && typeof reason === "string";
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
