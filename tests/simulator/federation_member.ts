/** The federation itself as what the simulator runs. */

import { EVERYTHING } from "../../adapters/store/needed_events.ts";
import { Federation, sayFarewell, type TrafficRule } from "../../federation/mod.ts";
import type { CloudEvent, NeededEvents } from "../../node/mod.ts";
import type { LedgerLine, Member, MemberBooks, MemberDestination, MemberParts, MemberState } from "./member.ts";

const ABOUT = { runtime: "simulator", version: "0" };

export class FederationMember implements Member {
  readonly #parts: MemberParts;
  #federation: Federation | undefined;

  constructor(parts: MemberParts) {
    this.#parts = parts;
    const { world, log, local, dial, endpoint, onNotice, share } = parts;
    Federation.open(
      {
        world,
        log,
        local,
        dial,
        share,
        wall: () => 0,
        onNotice: ({ code, detail }) => onNotice(code, detail),
        onNeighbour: () => {},
        onError: (error) => onNotice("ERROR", String(error)),
      },
      {
        name: parts.federation,
        instance: parts.instance,
        join: parts.join,
        links: parts.links,
        tagCosts: parts.tagCosts,
        traffic: [...bestEffort(parts), { pattern: "metrics.>", lane: "bulk" }, { pattern: "user.>", lane: "high" }],
        cached: [],
        about: ABOUT,
        overflow: parts.overflow,
        url: `nats://${parts.cluster}:7701`,
      },
      (error, federation) => {
        if (federation === undefined) throw error;
        this.#federation = federation;
        parts.readInOrder(federation.accounts.order);
        federation.attach(endpoint);
        federation.start();
      },
    );
  }

  get federation(): Federation | undefined {
    return this.#federation;
  }

  destinations(topic: string, event: () => CloudEvent): readonly MemberDestination[] {
    if (this.#federation === undefined || !this.#parts.local.travels({ topic } as never)) return [];
    return this.#federation.interest.destinationsOf(topic, event).map((destination) => ({ ...destination }));
  }

  needed(): readonly NeededEvents[] {
    return this.#federation?.needed ?? EVERYTHING;
  }

  state(): MemberState {
    const federation = this.#federation;
    if (federation === undefined) return OPENING;
    const { links, custody, departures, log, topology, records } = federation;
    const neighbours = [...links.neighbours.values()];
    const inFlight = neighbours.flatMap(({ senders }) =>
      [...senders.values()].flatMap((sender) => [...sender.inFlight()])
    );
    return {
      links: neighbours.filter(({ up }) => up).map(({ peer }) => peer),
      queued: pairs(custody.queued()) + pairs(inFlight),
      parked: [...custody.parked.values()].reduce((sum, queue) => sum + pairs(queue), 0),
      undispatched: log.head - departures.dispatched,
      root: [...records.root].join(),
      routes: topology.lanes.classes.map((_, klass) => routesOf(topology.table, klass)),
      counts: countsOf(federation),
    };
  }

  books(): MemberBooks {
    const accounts = this.#federation?.accounts;
    if (accounts === undefined) return { ledger: [], intervalsMax: 0 };
    let intervalsMax = 0;
    for (const { intervals } of accounts.coverages) intervalsMax = Math.max(intervalsMax, intervals.count);
    return { ledger: ledgerOf(accounts.books), intervalsMax };
  }

  leave(done: () => void): void {
    const federation = this.#federation;
    if (federation === undefined) return done();
    sayFarewell(federation, () => federation.stop(done));
  }
}

function bestEffort({ bestEffort: pattern }: MemberParts): TrafficRule[] {
  return pattern === undefined ? [] : [{ pattern, lane: "normal", class: "best-effort" }];
}

const OPENING: MemberState = {
  links: [],
  queued: 0,
  parked: 0,
  undispatched: 1,
  root: "",
  routes: [],
  counts: {},
};

function pairs(shipments: Iterable<{ readonly count: number; readonly destinations: readonly unknown[] }>): number {
  let sum = 0;
  for (const { count, destinations } of shipments) sum += count * destinations.length;
  return sum;
}

function ledgerOf(books: Federation["accounts"]["books"]): LedgerLine[] {
  const lines = new Map<string, { -readonly [term in keyof LedgerLine]: LedgerLine[term] }>();
  for (const { destination, assigned, ended, outstanding, presumed } of books) {
    const line = lines.get(destination) ??
      { destination, accepted: 0, delivered: 0, expired: 0, rejected: 0, evicted: 0, outstanding: 0, presumed: 0 };
    line.accepted += assigned;
    line.delivered += ended.delivered;
    line.expired += ended.expired;
    line.rejected += ended.rejected;
    line.evicted += ended.evicted;
    line.outstanding += outstanding.size;
    line.presumed! += presumed.expired.size + presumed.evicted.size;
    lines.set(destination, line);
  }
  return [...lines.values()];
}

function routesOf(table: Federation["topology"]["table"], klass: number): MemberState["routes"][number] {
  return new Map(
    table.reachable().flatMap((destination) => {
      const route = table.routeTo(destination, klass);
      return route === undefined ? [] : [[destination, { nextHop: route.nextHop, cost: route.cost }] as const];
    }),
  );
}

function countsOf(
  { custody, links, intake, accounts, relay, upkeep, bestEffort: { tally } }: Federation,
): Record<string, number> {
  const senders = [...links.neighbours.values()].flatMap((neighbour) => [...neighbour.senders.values()]);
  const sum = (name: "retransmitted" | "rewinds" | "frames") =>
    senders.reduce((total, { counts }) => total + counts[name], 0);
  return {
    "frames sent": sum("frames"),
    "frames sent again": sum("retransmitted"),
    rewinds: sum("rewinds"),
    detours: custody.detours,
    "evicted from a park": upkeep.budget.evicted,
    "documents written anew": upkeep.compaction.merged,
    "links lost": [...links.neighbours.values()].reduce((total, { downs }) => total + downs, 0),
    "repeats at a destination": intake.counts.repeats,
    "rejected at a destination": intake.counts.rejected,
    "expired at a destination": intake.counts.expired,
    "refused for want of room": intake.counts.full,
    "receipts sent": accounts.receipts.sent,
    "messages relayed": relay.counts.forwarded,
    "best-effort: sent": tally.sent,
    "best-effort: passed on": tally.forwarded,
    "best-effort: arrived": tally.arrived,
    "best-effort: repeats": tally.repeats,
    ...Object.fromEntries([...tally.dropped].map(([reason, count]) => [`best-effort: ${reason}`, count])),
  };
}
