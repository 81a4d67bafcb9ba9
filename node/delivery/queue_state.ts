/** The durable form of a delivery queue: small, whatever the lag. */

import type { PositionRun } from "./settled_ahead.ts";

/** What became of the events that a queue judged; each counted at its own transition. */
export interface DeliveryCounts {
  acknowledged: number;
  filtered: number;
  expired: number;
  deadLettered: number;
  /** No longer in the log when it was due: retention overtook it. */
  evicted: number;
}

/** An event that was tried at least once and is not settled. */
export interface TriedEntry {
  readonly position: number;
  /** Failed attempts so far. */
  readonly attempts: number;
  /** Not before this reading of the store's ageing clock, in ms. */
  readonly notBefore: number;
}

/**
 * Every position up to `scanned` is settled unless it stands in `fresh` or `tried`; of those after it, the ones in
 * `ahead` are settled already.
 */
export interface QueueState {
  readonly scanned: number;
  /** Open and never tried, ascending. */
  readonly fresh: readonly number[];
  readonly tried: readonly TriedEntry[];
  readonly ahead: readonly PositionRun[];
  readonly counts: Readonly<DeliveryCounts>;
}

export function emptyCounts(): DeliveryCounts {
  return { acknowledged: 0, filtered: 0, expired: 0, deadLettered: 0, evicted: 0 };
}

/** JSON with positions as differences, which keeps a thousand open events below six kilobytes. */
export function encodeQueueState(state: QueueState): Uint8Array {
  const { scanned, counts } = state;
  const tried = state.tried.map((entry) => [entry.position, entry.attempts, Math.round(entry.notBefore)]);
  const document = { v: 1, scanned, fresh: toDeltas(state.fresh), tried, ahead: toSteps(state.ahead), counts };
  return new TextEncoder().encode(JSON.stringify(document));
}

/** Inverse of `encodeQueueState()`; throws a `SyntaxError` or `TypeError` on anything else. */
export function decodeQueueState(bytes: Uint8Array): QueueState {
  const document = JSON.parse(new TextDecoder().decode(bytes));
  if (document.v !== 1) throw new TypeError(`Cannot read a delivery queue of version "${document.v}": only 1 is known`);
  return {
    scanned: document.scanned,
    fresh: fromDeltas(document.fresh),
    tried: document.tried.map(([position, attempts, notBefore]: number[]) => ({ position, attempts, notBefore })),
    ahead: fromSteps(document.ahead),
    counts: { ...emptyCounts(), ...document.counts },
  };
}

function toDeltas(positions: readonly number[]): number[] {
  return positions.map((position, index) => index === 0 ? position : position - positions[index - 1]);
}

function fromDeltas(deltas: readonly number[]): number[] {
  let position = 0;
  return deltas.map((delta) => position += delta);
}

/** How far a run begins after the last position of the one before it; with the count, unless that is 1. */
type Step = number | readonly [gap: number, count: number];

function toSteps(runs: readonly PositionRun[]): Step[] {
  let end = 0;
  return runs.map(([first, count]) => {
    const gap = first - end;
    end = first + count - 1;
    return count === 1 ? gap : [gap, count];
  });
}

function fromSteps(steps: readonly Step[]): PositionRun[] {
  let end = 0;
  return steps.map((step) => {
    const [gap, count] = typeof step === "number" ? [step, 1] : step;
    const first = end + gap;
    end = first + count - 1;
    return [first, count];
  });
}
