/** What this cluster knows of one event after the fact: where it came from and went to; at its origin also what became of it. */

import type { Run, Shipment } from "../custody/shipment.ts";
import type { Federation } from "../federation.ts";
import type { Crossing } from "./trace_journal.ts";

export interface EventIdentity {
  readonly origin: string;
  readonly epoch: number;
  readonly sequence: number;
}

export interface TraceHop {
  readonly cluster: string;
  readonly node: string;
  /** `null` at the origin. */
  readonly from: string | null;
  /** Neighbours that took it. */
  readonly to: readonly string[];
  /** Wall clock, ms since 1970, exact to a second; `null`: not known. */
  readonly at: number | null;
  /** Times that it came from there: more than one where a frame was sent again. 0 at the origin. */
  readonly attempts: number;
  /** Destinations for which it waits there now. */
  readonly waits: readonly TraceWait[];
  /** Destinations for which it was dropped there, without custody, with a stable code. */
  readonly dropped: readonly TraceWait[];
}

export interface TraceWait {
  readonly cluster: string;
  /**
   * A stable code: why it is parked, or `WAITS_FOR_NEXT_HOP`; `EXPIRED`, `EVICTED`, `REJECTED`: it has ended here, and that the
   * destination be told is all that waits.
   */
  readonly reason: string;
}

export interface TraceDestination {
  readonly cluster: string;
  /** `sent`, `dropped`: without custody (reason `BEST_EFFORT`, or why it was dropped here); what became of it nobody tells. */
  readonly state: "queued" | "delivered" | "parked" | "expired" | "rejected" | "evicted" | "sent" | "dropped";
  /** A stable code. */
  readonly reason: string;
}

export interface TraceHere {
  readonly hops: readonly TraceHop[];
  /** At the origin; elsewhere empty. */
  readonly destinations: readonly TraceDestination[];
  /** At the origin: whether its destinations have been found yet. */
  readonly dispatched: boolean;
}

export function traceHere(federation: Federation, event: EventIdentity): TraceHere {
  const crossings = federation.trace.find(event.origin, event.epoch, event.sequence);
  const isOwn = event.origin === federation.self;
  return {
    hops: toHops(federation, [...crossings, ...keptCrossings(federation, event)], {
      isOwn,
      waits: waitsHere(federation, event),
    }),
    destinations: isOwn ? toDestinations(federation, crossings, event) : [],
    // Own events have their position as their number.
    dispatched: !isOwn || event.sequence <= federation.departures.dispatched,
  };
}

/** What a peer acknowledged that may still lose it: custody moves later, but it went there. */
function keptCrossings({ links }: Federation, event: EventIdentity): Crossing[] {
  return [...links.neighbours.values()].flatMap(({ peer, senders }) =>
    [...senders.values()].flatMap((sender) =>
      [...sender.kept()].filter((shipment) => isIn(shipment, event)).map((): Crossing => ({
        direction: "out",
        peer,
        at: 0,
      }))
    )
  );
}

/** What this cluster has in custody of it: the origin knows no more than that it has been handed over. */
function waitsHere({ custody, links }: Federation, event: EventIdentity): TraceWait[] {
  const waits = new Map<string, string>();
  const sent = [...links.neighbours.values()].flatMap(({ senders }) =>
    [...senders.values()].flatMap((sender) => [...sender.inFlight()])
  );
  const note = (shipment: Shipment, reason: string): void => {
    if (!isIn(shipment, event)) return;
    for (const { cluster } of shipment.destinations) waits.set(cluster, shipment.ended?.toUpperCase() ?? reason);
  };
  // What was parked once, and has found a way since, still says why it was.
  for (const shipments of [sent, custody.queued()]) {
    for (const shipment of shipments) note(shipment, "WAITS_FOR_NEXT_HOP");
  }
  for (const queue of custody.parked.values()) {
    for (const shipment of queue) note(shipment, shipment.parked!.reason);
  }
  return [...waits].map(([cluster, reason]) => ({ cluster, reason }));
}

function isIn(run: Run, { origin, epoch, sequence }: EventIdentity): boolean {
  if (run.origin !== origin || run.epoch !== epoch) return false;
  if (run.sequences !== undefined) return run.sequences.includes(sequence);
  return sequence >= run.firstSequence && sequence < run.firstSequence + run.count;
}

/** A row for each neighbour that it came from; what it went to, and waits for, stands in the last. */
function toHops(
  { self, local }: Federation,
  crossings: readonly Crossing[],
  { isOwn, waits }: { isOwn: boolean; waits: readonly TraceWait[] },
): TraceHop[] {
  const arrivals = crossings.filter(({ direction }) => direction === "in");
  const to = [...new Set(crossings.filter(({ direction }) => direction === "out").map(({ peer }) => peer))];
  const dropped = crossings.flatMap(({ direction, peer: cluster, reason = "" }) =>
    direction === "dropped" ? { cluster, reason } : []
  );
  const place = { cluster: self, node: local.node };
  if (isOwn || (arrivals.length === 0 && to.length > 0)) {
    return [{ ...place, from: null, to, at: crossings[0]?.at || null, attempts: 0, waits, dropped }];
  }
  const peers = [...new Set(arrivals.map(({ peer }) => peer))];
  return peers.map((from, i) => {
    const times = arrivals.filter(({ peer }) => peer === from);
    const isLast = i === peers.length - 1;
    const onward = isLast ? { to, waits, dropped } : { to: [], waits: [], dropped: [] };
    return { ...place, from, at: times[0].at, attempts: times.length, ...onward };
  });
}

function toDestinations(
  federation: Federation,
  crossings: readonly Crossing[],
  { epoch, sequence }: EventIdentity,
): TraceDestination[] {
  const pending = new Set(federation.accounts.books.pending(epoch, sequence, { untilHanded: false }));
  const named = crossings.filter(({ direction }) => direction === "for").map(({ peer }) => peer);
  const inCustody = [...new Set([...named, ...pending])].map((cluster): TraceDestination => {
    if (pending.has(cluster)) return { cluster, ...whereItWaits(federation, cluster, { epoch, sequence }) };
    const ends = crossings.filter(({ peer }) => peer === cluster);
    // What the destination says later counts for more than what was taken for granted here (design, G6).
    const end = ENDS.flatMap((state) => ends.find(({ direction }) => direction === state) ?? [])[0];
    return { cluster, state: end === undefined ? "delivered" : toState(end.direction), reason: end?.reason ?? "OK" };
  });
  return [...inCustody, ...withoutCustody(crossings)].sort((a, b) => a.cluster < b.cluster ? -1 : 1);
}

/** It left, or was dropped before: whether it came the destination knows alone. */
function withoutCustody(crossings: readonly Crossing[]): TraceDestination[] {
  return crossings.flatMap(({ direction, peer: cluster, reason = "BEST_EFFORT" }) =>
    direction === "sent" || direction === "dropped" ? { cluster, state: direction, reason } : []
  );
}

function whereItWaits(
  federation: Federation,
  cluster: string,
  { epoch, sequence }: Omit<EventIdentity, "origin">,
): Pick<TraceDestination, "state" | "reason"> {
  const { custody, accounts, self } = federation;
  const event = { origin: self, epoch, sequence };
  for (const shipment of custody.parked.get(cluster) ?? []) {
    if (isIn(shipment, event)) return { state: "parked", reason: shipment.parked!.reason };
  }
  const isHanded = accounts.books.find(cluster, epoch)?.handed.has(sequence) === true;
  return { state: "queued", reason: isHanded ? "WITH_NEXT_HOP" : "WAITS_FOR_NEXT_HOP" };
}

/** In order of precedence. */
const ENDS = ["delivered", "rejected", "expired", "evicted"] as const;

function toState(direction: Crossing["direction"]): TraceDestination["state"] {
  return ENDS.find((state) => state === direction) ?? "delivered";
}
