/** What is still owed to other clusters: runs of events in the log with the destinations that they are to reach. */

import type { EndReason, FrameDestination, Lane } from "../link/codec/mod.ts";

/** Consecutive positions of the log whose events have one origin and the same destinations left. */
export interface Run {
  /** Position of the first event. */
  readonly position: number;
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

/** Events [from, to) of a shipment, with the chains of its destinations continued. */
export function sliceShipment(shipment: Shipment, from: number, to: number): Shipment {
  if (from === 0 && to === shipment.count) return shipment;
  const destinations = from === 0
    ? shipment.destinations
    : shipment.destinations.map((destination) => ({ ...destination, previous: sequenceAt(shipment, from - 1) }));
  return {
    ...shipment,
    position: shipment.position + from,
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
  if (run.ended !== next.ended || run.detours !== next.detours || !sameNames(run.hops, next.hops)) return false;
  if (run.destinations.length !== next.destinations.length) return false;
  return run.destinations.every((destination, i) => {
    const other = next.destinations[i];
    return destination.cluster === other.cluster && other.previous === lastSequence &&
      destination.ungrouped === other.ungrouped && sameNames(destination.groups, other.groups);
  });
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((name, i) => name === b[i]));
}
