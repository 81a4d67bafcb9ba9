/** Runs as the document that makes them durable: JSON, positions relative to the one in the key, equal lists once. */

import type { EndReason, FrameDestination, Lane } from "../link/codec/mod.ts";
import type { Run } from "./shipment.ts";

/** Keys of custody documents; a mark, and the position of the first event, follow. */
export const CUSTODY_PREFIX = "federation/custody";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

type DestinationRow = readonly [cluster: string, previous: number, ungrouped: 0 | 1, groups: readonly string[]];
type RunRow = readonly [
  offset: number,
  count: number,
  origin: string,
  epoch: number,
  sequences: number | readonly number[],
  bytes: number,
  lane: Lane,
  hops: readonly string[],
  detours: number,
  destinations: readonly DestinationRow[],
  ended: EndReason | null,
  /** Left out where there is nothing to say, as by earlier versions. */
  endsAt?: number | null,
  offsets?: readonly number[],
];

/** `first`: the position that the key will have. */
export function encodeRuns(runs: readonly Run[], first: number): Uint8Array {
  return encoder.encode(JSON.stringify(runs.map((run) => toRow(run, first))));
}

/** Throws `SyntaxError` for bytes that are no such document. */
export function decodeRuns(bytes: Uint8Array, first: number): Run[] {
  const rows = JSON.parse(decoder.decode(bytes));
  if (!Array.isArray(rows)) throw new SyntaxError("Cannot read a custody document: it is no list");
  return rows.map((row) => fromRow(row, first));
}

/** `mark` tells documents about the same position apart: there are some about no event at all. */
export function custodyKey(mark: string, first?: number): string {
  const key = `${CUSTODY_PREFIX}/${mark}`;
  return first === undefined ? key : `${key}/${String(first).padStart(16, "0")}`;
}

/** The position in a key. */
export function custodyPosition(key: string): number {
  return Number(key.slice(key.lastIndexOf("/") + 1));
}

function toRow(run: Run, first: number): RunRow {
  const more: [endsAt?: number | null, offsets?: readonly number[]] = run.endsAt === undefined ? [] : [run.endsAt];
  if (run.positions !== undefined) {
    more[0] ??= null;
    more[1] = run.positions.map((position) => position - first);
  }
  return [
    run.position - first,
    run.count,
    run.origin,
    run.epoch,
    run.sequences ?? run.firstSequence,
    run.bytes,
    run.lane,
    run.hops,
    run.detours,
    run.destinations.map(({ cluster, previous, ungrouped, groups }) => [cluster, previous, ungrouped ? 1 : 0, groups]),
    run.ended ?? null,
    ...more,
  ];
}

function fromRow(row: RunRow, first: number): Run {
  const [offset, count, origin, epoch, sequences, bytes, lane, hops, detours, destinations, ended, endsAt, offsets] =
    row;
  const listed = typeof sequences !== "number";
  return {
    position: first + offset,
    positions: offsets?.map((each) => first + each),
    count,
    origin,
    epoch,
    firstSequence: listed ? sequences[0] : sequences,
    sequences: listed ? sequences : undefined,
    bytes,
    lane,
    hops,
    detours,
    destinations: destinations.map(toDestination),
    ended: ended ?? undefined,
    endsAt: endsAt ?? undefined,
  };
}

function toDestination([cluster, previous, ungrouped, groups]: DestinationRow): FrameDestination {
  return { cluster, previous, ungrouped: ungrouped === 1, groups };
}
