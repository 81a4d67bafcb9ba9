/** What is still owed to other clusters: runs of events in the log with the destinations that they are to reach. */

import type { Interval } from "../intervals/mod.ts";
import type { EndReason, FrameDestination, Lane } from "../link/codec/mod.ts";
import { isSameDestination, isSameList } from "../same.ts";

/** Events of the log, in its order, that have one origin and the same destinations left. */
export interface Run {
  /** Position of the first event. */
  readonly position: number;
  /** Positions of all of them, ascending; without, they are consecutive from `position`. */
  readonly positions?: readonly number[];
  readonly count: number;
  readonly origin: string;
  readonly epoch: number;
  /** The origin's numbers of the events, ascending; without `sequences` they are consecutive from `firstSequence`. */
  readonly firstSequence: number;
  readonly sequences?: readonly number[];
  /** Bytes of the records, for people and budgets. */
  readonly bytes: number;
  readonly lane: Lane;
  /** `previous` is that of the first event; each further event's is the sequence before it. */
  readonly destinations: readonly FrameDestination[];
  /** Clusters that it passed, the origin first, the one that it came from last; empty at its origin. */
  readonly hops: readonly string[];
  readonly detours: number;
  /** They have ended before their destinations, which still have to learn it: there is nothing in the log. */
  readonly ended?: EndReason;
  /** On the store's ageing clock, ms: no time to live of them is over before; without, none has one. */
  readonly endsAt?: number;
}

/** The document that makes some runs durable; it goes when nothing of them is owed any more. */
export interface CustodyDocument {
  readonly key: string;
  /** Positions that it is about. */
  readonly first: number;
  readonly last: number;
  /** (event, destination) pairs that the next hop has not taken into its custody. */
  open: number;
  /** The origin's books still need it. */
  owed: boolean;
  /** It was written anew as a part of this one, which stands for it. */
  into?: CustodyDocument;
}

/** A run, or a part of one, on its way. Parts of one run share its document. */
export interface Shipment extends Run {
  readonly document: CustodyDocument;
  /** Why it cannot go on, and since when. */
  readonly parked?: Parked;
}

export interface Parked {
  readonly reason: ParkReason;
  /** Reading of the monotonic clock, ms. */
  readonly since: number;
  /** Version of the routes under which it was parked. */
  readonly version: number;
}

/** Stable codes. */
export type ParkReason = "NO_PATH" | "LOOP_AVOIDED" | "HOP_LIMIT" | "FORBIDDEN";

export type { EndReason };

/** The origin's number of the event at an index of a run. */
export function sequenceAt(run: Run, index: number): number {
  return run.sequences === undefined ? run.firstSequence + index : run.sequences[index];
}

/** The document that stands for one. */
export function rootOf(document: CustodyDocument): CustodyDocument {
  let root = document;
  while (root.into !== undefined) root = root.into;
  return root;
}

/** Index of the event at a position of the log; −1 when it is not one of the run. */
export function indexAt(run: Run, position: number): number {
  if (run.positions !== undefined) return run.positions.indexOf(position);
  const index = position - run.position;
  return index < run.count ? Math.max(-1, index) : -1;
}

/** Position of the event at an index of a run. */
export function positionAt(run: Run, index: number): number {
  return run.positions === undefined ? run.position + index : run.positions[index];
}

/** The origin's numbers of the events of a run, as intervals. */
export function* sequenceIntervals(run: Run): Generator<Interval> {
  if (run.sequences === undefined) yield [run.firstSequence - 1, sequenceAt(run, run.count - 1)];
  else for (const sequence of run.sequences) yield [sequence - 1, sequence];
}

/** When the time to live of an event is over, on the store's ageing clock; `undefined`: it has none. */
export function endOf(
  { ttlMs, acceptedAge }: { readonly ttlMs: number; readonly acceptedAge: number },
): number | undefined {
  return ttlMs === 0 ? undefined : acceptedAge + Math.max(0, ttlMs);
}

/** When the first of two times comes, where there are any. */
export function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? a ?? b : Math.min(a, b);
}

/** What is left of events that have ended: their destinations still have to learn it. */
export function toTombstone(shipment: Shipment, ended: EndReason): Shipment {
  return { ...shipment, ended, bytes: 0, endsAt: undefined };
}

/** Events [from, to) of a shipment, with the chains of its destinations continued. */
export function sliceShipment(shipment: Shipment, from: number, to: number): Shipment {
  if (from === 0 && to === shipment.count) return shipment;
  const destinations = from === 0
    ? shipment.destinations
    : shipment.destinations.map((destination) => ({ ...destination, previous: sequenceAt(shipment, from - 1) }));
  return {
    ...shipment,
    position: positionAt(shipment, from),
    positions: shipment.positions?.slice(from, to),
    count: to - from,
    firstSequence: sequenceAt(shipment, from),
    sequences: shipment.sequences?.slice(from, to),
    bytes: Math.round(shipment.bytes * (to - from) / shipment.count),
    destinations,
  };
}

/** Whether `next` continues `run` so that one document line, or one group of a frame, can hold both. */
export function continues(run: Run, next: Run, lastSequence: number): boolean {
  if (run.origin !== next.origin || run.epoch !== next.epoch || run.lane !== next.lane) return false;
  if (run.ended !== next.ended || run.detours !== next.detours || !isSameList(run.hops, next.hops)) return false;
  if (run.destinations.length !== next.destinations.length) return false;
  return run.destinations.every((destination, i) => {
    const other = next.destinations[i];
    return other.previous === lastSequence && isSameDestination(destination, other);
  });
}

/** Whether two shipments have the same events, and have come the same way: they differ in their destinations at most. */
export function isAlike(a: Shipment, b: Shipment): boolean {
  return rootOf(a.document) === rootOf(b.document) && a.position === b.position && a.count === b.count &&
    a.firstSequence === b.firstSequence && a.lane === b.lane && a.ended === b.ended && a.detours === b.detours &&
    a.parked?.reason === b.parked?.reason && isSameList(a.hops, b.hops) &&
    isSameOption(a.positions, b.positions) && isSameOption(a.sequences, b.sequences);
}

function isSameOption(a: readonly number[] | undefined, b: readonly number[] | undefined): boolean {
  return a === undefined || b === undefined ? a === b : isSameList(a, b);
}
