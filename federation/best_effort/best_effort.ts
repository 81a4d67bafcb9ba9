/**
 * Events that cross the mesh without custody: sent from memory in the moment in which they are durable here, once, by the
 * same routes as all others. Nothing on the way keeps them, and nobody tells what became of them.
 */

import { type CloudEvent, recordWithTtl, type StoredEvent } from "../../node/mod.ts";
import type { CustodyLog } from "../custody_log.ts";
import type { TraceJournal } from "../inspect/trace_journal.ts";
import type { FrameDestination, FrameEvent, FrameGroup, FrameGroupHead, Lane } from "../link/codec/mod.ts";
import type { Session } from "../link/session.ts";
import type { LocalCluster } from "../local_cluster.ts";
import { chooseHop } from "../next_hop.ts";
import type { TrafficRule } from "../options.ts";
import type { Topology } from "../routing/topology.ts";
import { isBestEffort, laneOf } from "../traffic.ts";
import type { World } from "../world.ts";
import { ClassPaths } from "./class_paths.ts";
import type { DropReason } from "./drop_reason.ts";
import { Inflow } from "./inflow.ts";
import type { OutGroup } from "./lane_batch.ts";
import { type OpenLink, Outflow } from "./outflow.ts";
import { RecentPositions } from "./recent_positions.ts";
import { Tally } from "./tally.ts";

type Destination = Omit<FrameDestination, "previous">;

/** What is asked of a neighbour. */
export interface BestEffortNeighbour {
  /** `undefined`: the link is down. */
  readonly open: OpenLink | undefined;
  readonly active: Pick<Session, "hurry"> | undefined;
}

export interface BestEffortParts {
  readonly world: World;
  readonly self: string;
  readonly log: CustodyLog;
  readonly local: LocalCluster;
  readonly traffic: readonly TrafficRule[];
  readonly topology: Pick<Topology, "table" | "routesOf" | "takesBestEffort" | "installs">;
  /** Where an own event has to go, by the interest of others. */
  readonly destinationsOf: (topic: string, event: () => CloudEvent) => readonly Destination[];
  /** `undefined`: nobody of that name was met. */
  readonly neighbour: (peer: string) => BestEffortNeighbour | undefined;
  readonly trace: Pick<TraceJournal, "noteGroup">;
  readonly onNotice: (notice: { code: string; detail: string; peer?: string }) => void;
  readonly onError: (error: unknown) => void;
}

/** Own events whose destinations are remembered, for publishers that wait for custody elsewhere. */
const REMEMBERED = 8192;
/** Own events that custody has yet to take over, where a cluster on the way does not know the class. */
const LEFT_MAX = 65_536;

export class BestEffort {
  readonly tally = new Tally();
  readonly paths: ClassPaths;
  readonly #parts: BestEffortParts;
  readonly #inflow: Inflow;
  readonly #outflows = new Map<string, Outflow>();
  readonly #left = new RecentPositions<readonly Destination[]>(LEFT_MAX);
  readonly #sentTo = new RecentPositions<readonly string[]>(REMEMBERED);
  /** A rule of this node puts events into the class. */
  readonly #isUsed: boolean;
  /** What came into the log before was not looked at here. */
  readonly #since: number;

  constructor(parts: BestEffortParts) {
    const { world, self, log, local, topology, traffic, trace, neighbour, onNotice, onError } = parts;
    this.#parts = parts;
    this.#since = log.head;
    this.paths = new ClassPaths(self, topology);
    this.#inflow = new Inflow({
      world,
      self,
      log,
      local,
      onCrossed: (peer, group) => trace.noteGroup("in", peer, group),
      onForward: (lane, group, destinations) => this.#forward(lane, group, destinations),
      onUntold: (peer) => neighbour(peer)?.active?.hurry(),
      onTaken: () => this.#flush(),
      onArrived: (count) => this.tally.arrived += count,
      onRepeated: (count) => this.tally.repeats += count,
      onDropped: (group, reason) => this.#drop(group, [self], { events: group.events, reason }),
      onRefused: ({ peer, code, detail }) => {
        this.tally.refused++;
        onNotice({ code, detail, peer });
      },
      onError,
    });
    this.#isUsed = traffic.some((rule) => rule.class === "best-effort");
    if (this.#isUsed) log.onAppend((events) => this.#dispatch(events));
  }

  /** A frame came. */
  receive(peer: string, bytes: Uint8Array): void {
    this.#inflow.receive(peer, bytes);
  }

  /** See `Inflow.received()`. */
  received(peer: string): ReturnType<Inflow["received"]> {
    return this.#inflow.received(peer);
  }

  /** A neighbour has said how far it got. */
  heard(peer: string, received: ReturnType<Inflow["received"]>): void {
    if (received !== undefined) this.#outflows.get(peer)?.heard(received.linkEpoch, received.sequence);
  }

  /**
   * Where custody has to bring an own event of the class: nowhere, if all of its way knows the class. Asked once for each;
   * `undefined`: it is not of the class.
   */
  leftToCustody(stored: StoredEvent): readonly Destination[] | undefined {
    const { traffic, destinationsOf } = this.#parts;
    if (!this.#isUsed || !isBestEffort(traffic, stored.topic)) return undefined;
    if (stored.position > this.#since) return this.#left.take(stored.position) ?? NOWHERE;
    // Of a run before: it was sent then, or never is.
    const lane = laneOf(traffic, stored.topic);
    return destinationsOf(stored.topic, () => stored.event).filter(({ cluster }) => !this.paths.knows(cluster, lane));
  }

  /** Clusters to which an own event went, or was to go, without custody: nobody will ever say that they have it. */
  sentTo(position: number): readonly string[] {
    return this.#sentTo.get(position) ?? NOBODY;
  }

  #dispatch(events: readonly StoredEvent[]): void {
    const { self, traffic, local } = this.#parts;
    for (const event of events) {
      const isOwn = event.audience === "everybody" && event.origin === self;
      if (isOwn && isBestEffort(traffic, event.topic) && local.travels(event)) this.#depart(event);
    }
    this.#flush();
  }

  #depart(event: StoredEvent): void {
    const { self, destinationsOf, log, traffic } = this.#parts;
    const { position, epoch, sequence, ttlMs, acceptedAge } = event;
    const wanted = destinationsOf(event.topic, () => event.event);
    if (wanted.length === 0) return;
    const lane = laneOf(traffic, event.topic);
    const known = wanted.filter(({ cluster }) => this.paths.knows(cluster, lane));
    if (known.length < wanted.length) {
      this.#leave(
        position,
        wanted.filter((destination) => !known.includes(destination)),
      );
    }
    if (known.length === 0) return;
    const destinations = known.map((destination) => ({ ...destination, previous: sequence - 1 }));
    this.#sentTo.set(position, known.map(({ cluster }) => cluster));
    const ageMs = Math.max(0, Math.floor(log.now() - acceptedAge));
    const record = ttlMs > 0 ? recordWithTtl(event.record, Math.max(1, ttlMs - ageMs)) : event.record;
    const head = { origin: self, epoch, hops: NOBODY, detours: 0, destinations };
    const events = [{ sequence, ageMs, record }];
    if (ttlMs < 0 || (ttlMs > 0 && ageMs >= ttlMs)) {
      return this.#drop(head, known.map(({ cluster }) => cluster), { events, reason: "EXPIRED" });
    }
    this.#send(lane, head, events);
  }

  #leave(position: number, destinations: readonly Destination[]): void {
    for (const { cluster } of this.#left.set(position, destinations) ?? NOWHERE) {
      this.tally.noteDropped(cluster, 1, { own: true, reason: "CONGESTED" });
    }
  }

  #forward(lane: Lane, group: FrameGroup, destinations: readonly FrameDestination[]): void {
    this.#send(lane, { ...group, destinations }, group.events);
  }

  /** By next hop, each destination to exactly one; `head.hops` are those before this cluster. */
  #send(lane: Lane, head: FrameGroupHead, events: readonly FrameEvent[]): void {
    const { self, topology } = this.#parts;
    const routes = topology.routesOf(lane);
    const byHop = new Map<string, FrameDestination[]>();
    for (const destination of head.destinations) {
      const { cluster } = destination;
      const hop = chooseHop(routes, cluster, head.hops);
      if (typeof hop === "object") this.#drop(head, [cluster], { events, reason: hop.reason as DropReason });
      else if (!topology.takesBestEffort(hop)) this.#drop(head, [cluster], { events, reason: "CLASS_UNKNOWN" });
      else if (byHop.has(hop)) byHop.get(hop)!.push(destination);
      else byHop.set(hop, [destination]);
    }
    const { origin, epoch, detours } = head;
    const hops = [...head.hops, self];
    for (const [hop, destinations] of byHop) {
      const outflow = this.#outflowTo(hop);
      for (const event of events) outflow.add(lane, { origin, epoch, hops, detours, destinations }, event);
    }
  }

  #outflowTo(peer: string): Outflow {
    let outflow = this.#outflows.get(peer);
    if (outflow !== undefined) return outflow;
    const { world, neighbour } = this.#parts;
    outflow = new Outflow({
      world,
      link: () => neighbour(peer)?.open,
      onSent: (groups) => this.#sent(peer, groups),
      onDropped: (groups, reason) => {
        for (const { destinations, events, ...group } of groups) {
          this.#drop(group, destinations.map(({ cluster }) => cluster), { events, reason });
        }
      },
    });
    this.#outflows.set(peer, outflow);
    return outflow;
  }

  #flush(): void {
    for (const outflow of this.#outflows.values()) outflow.flush();
  }

  #sent(peer: string, groups: readonly OutGroup[]): void {
    const { self, trace } = this.#parts;
    for (const group of groups) {
      const own = group.origin === self;
      trace.noteGroup("out", peer, group);
      for (const { cluster } of group.destinations) {
        this.tally.noteSent(cluster, group.events.length, { own });
        if (own) trace.noteGroup("sent", cluster, group);
      }
    }
  }

  #drop(
    { origin, epoch }: Pick<FrameGroupHead, "origin" | "epoch">,
    destinations: readonly string[],
    { events, reason }: { readonly events: readonly FrameEvent[]; readonly reason: DropReason },
  ): void {
    const { self, trace } = this.#parts;
    for (const cluster of destinations) {
      this.tally.noteDropped(cluster, events.length, { own: origin === self, reason });
      trace.noteGroup("dropped", cluster, { origin, epoch, events }, reason);
    }
  }
}

const NOBODY: readonly string[] = [];
const NOWHERE: readonly Destination[] = [];
