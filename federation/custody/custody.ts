/** Everything that is owed to other clusters: each destination of each event is with one next hop, or parked with a reason. */

import type { Congested, FrameDestination, Lane } from "../link/codec/mod.ts";
import { chooseHop, type NextHops } from "../next_hop.ts";
import type { World } from "../world.ts";
import { Aside, isEmpty } from "./aside.ts";
import { joinRuns } from "./join_runs.ts";
import { ShipmentQueue } from "./queue.ts";
import {
  type CustodyDocument,
  indexAt,
  type Parked,
  type ParkReason,
  rootOf,
  type Shipment,
  sliceShipment,
} from "./shipment.ts";
import { uniteDestinations } from "./unite_destinations.ts";

export interface CustodyParts {
  readonly world: World;
  readonly routesOf: (lane: Lane) => NextHops;
  /** There is more to send to a neighbour. */
  readonly onQueued: (peer: string, lane: Lane) => void;
  /** Nothing of the document is owed to anybody: it can go. */
  readonly onSettled: (document: CustodyDocument) => void;
  readonly onParked?: (destination: string, reason: ParkReason, shipment: Shipment) => void;
}

/** A path that led in a circle is given up for this long before the event may go back (design, "Loops are harmless"). */
const LOOP_PARK_MS = 2000;
/** From this detour on only another topology helps. */
const DETOURS_FREE = 4;

export class Custody {
  readonly #parts: CustodyParts;
  readonly #queues = new Map<string, Map<Lane, ShipmentQueue>>();
  readonly #parked = new Map<string, ShipmentQueue>();
  readonly #aside = new Aside();
  #watcher: ((shipment: Shipment) => void) | undefined;
  /** Times that an event was let back onto a path that it had left. */
  detours = 0;

  constructor(parts: CustodyParts) {
    this.#parts = parts;
  }

  /** Calls `watcher` with all that waits here from now on, and with what waits anew. There is one. */
  watch(watcher: (shipment: Shipment) => void): void {
    this.#watcher = watcher;
  }

  /** Takes up runs whose document is durable, or parts of them that came back. */
  add(shipment: Shipment): void {
    this.#watcher?.(shipment);
    for (const [hop, destinations] of this.#split(shipment)) this.#enqueue(hop, { ...shipment, destinations });
  }

  /** A neighbour says for which destinations it takes no more now. */
  setCongested(peer: string, congested: Congested): void {
    const freed = this.#aside.set(peer, congested);
    if (isEmpty(congested) && freed.length === 0) return;
    for (const [lane, queue] of this.#queues.get(peer) ?? []) {
      const isCongested = ({ cluster }: FrameDestination): boolean => this.#aside.isCongested(peer, cluster, lane);
      if (![...queue].some((shipment) => shipment.destinations.some(isCongested))) continue;
      this.#addAll(queue.drain());
    }
    for (const shipment of uniteDestinations(freed)) this.#enqueue(peer, shipment);
  }

  /** Whether a neighbour takes nothing for a destination over a lane now. */
  isCongested(peer: string, destination: string, lane: Lane): boolean {
    return this.#aside.isCongested(peer, destination, lane);
  }

  /** What waits for a neighbour. */
  queueOf(peer: string, lane: Lane): ShipmentQueue {
    let lanes = this.#queues.get(peer);
    if (lanes === undefined) this.#queues.set(peer, lanes = new Map());
    let queue = lanes.get(lane);
    if (queue === undefined) lanes.set(lane, queue = new ShipmentQueue());
    return queue;
  }

  /** What is parked, by destination. */
  get parked(): ReadonlyMap<string, ShipmentQueue> {
    return this.#parked;
  }

  /** What is kept aside until a neighbour says no longer that it holds too much for its destination. */
  asideOf(peer: string, lane: Lane): Shipment[] {
    return [...this.#aside].flatMap(([of, queue]) =>
      of === peer ? [...queue].filter((shipment) => shipment.lane === lane) : []
    );
  }

  /** All that waits, for a neighbour or for a path. */
  *waiting(): Generator<Shipment> {
    yield* this.queued();
    for (const queue of this.#parked.values()) yield* queue;
  }

  /** Puts in the place of each shipment that waits, and fits, what `change` makes of it: the same events for the same clusters. */
  rewrite(fits: (shipment: Shipment) => boolean, change: (shipment: Shipment) => readonly Shipment[]): void {
    for (const queue of this.#all()) {
      if ([...queue].some(fits)) queue.rewrite((shipment) => fits(shipment) ? change(shipment) : [shipment]);
    }
  }

  /** Keeps what has one document, and waits for the same, as few shipments. */
  join(): void {
    for (const queue of this.#all()) {
      const waiting = queue.drain().map((shipment) => ({ ...shipment, document: rootOf(shipment.document) }));
      const isOne = (one: Shipment, next: Shipment): boolean =>
        one.document === next.document && one.parked?.reason === next.parked?.reason;
      for (const shipment of joinRuns(waiting, isOne)) queue.push(shipment);
    }
  }

  /** All that waits for a neighbour now. */
  *queued(): Generator<Shipment> {
    for (const lanes of this.#queues.values()) for (const queue of lanes.values()) yield* queue;
    for (const [, queue] of this.#aside) yield* queue;
  }

  /** The next hop has these in its custody. */
  release(shipments: readonly Shipment[]): void {
    for (const { document: then, count, destinations } of shipments) {
      const document = rootOf(then);
      document.open -= count * destinations.length;
      if (document.open === 0 && !document.owed) this.#parts.onSettled(document);
    }
  }

  /**
   * These were sent to a neighbour in a link epoch that has closed, and not acknowledged: they wait again before all that
   * came after them, and go another way only together with that (`reroute()`), so that nothing overtakes them.
   */
  takeBack(peer: string, lane: Lane, shipments: readonly Shipment[]): void {
    this.queueOf(peer, lane).putBack(shipments);
  }

  /** The routes have changed: everything that waits finds its way anew, in the order of the log. */
  reroute(): void {
    const waiting: Shipment[] = [];
    for (const [peer, lanes] of this.#queues) {
      for (const queue of lanes.values()) if (this.#misplaced(peer, queue)) waiting.push(...queue.drain());
    }
    for (const [peer, queue] of this.#aside) if (this.#misplaced(peer, queue)) waiting.push(...queue.drain());
    for (const queue of this.#parked.values()) waiting.push(...queue.drain());
    waiting.sort((a, b) => a.position - b.position);
    this.#addAll(waiting.map((shipment) => this.#retried(shipment)));
  }

  /** Lets go on what was parked for having gone in a circle; to be called about once a second. */
  tick(): void {
    const due = this.#parts.world.now() - LOOP_PARK_MS;
    const isDue = (shipment: Shipment): boolean => isLoop(shipment) && shipment.parked!.since <= due;
    const queues = [...this.#parked.values()].filter((queue) => [...queue].some(isDue));
    this.#addAll(queues.flatMap((queue) => queue.drain()).map((shipment) => this.#retried(shipment)));
  }

  /** Own events for groups that have been parked for so long that another cluster should be picked. They stay parked. */
  unreached(parkedMs: number): Shipment[] {
    const due = this.#parts.world.now() - parkedMs;
    return [...this.#parked.values()].flatMap((queue) =>
      [...queue].filter(({ ended, hops, parked, destinations: [{ groups }] }) =>
        ended === undefined && hops.length === 0 && parked!.since <= due && groups.length > 0
      )
    );
  }

  /** Whether an event is parked for a cluster that is not reached. */
  isParked(destination: string, position: number): boolean {
    for (const shipment of this.#parked.get(destination) ?? []) {
      if (shipment.ended === undefined && indexAt(shipment, position) >= 0) return true;
    }
    return false;
  }

  /**
   * Another cluster has the event for the groups: nothing of it waits here for them any more, only for other readers, or what
   * `end` leaves of it: a copy may have got there before, which the destination alone knows.
   */
  moved(destination: string, position: number, end: (shipment: Shipment) => Shipment): void {
    const queue = this.#parked.get(destination);
    for (const shipment of queue?.drain() ?? []) {
      const index = shipment.ended === undefined ? indexAt(shipment, position) : -1;
      if (index < 0) {
        queue!.push(shipment);
        continue;
      }
      if (index > 0) queue!.push(sliceShipment(shipment, 0, index));
      const one = sliceShipment(shipment, index, index + 1);
      const [to] = one.destinations;
      queue!.push(to.ungrouped ? { ...one, destinations: [{ ...to, groups: [] }] } : end(one));
      if (index + 1 < shipment.count) queue!.push(sliceShipment(shipment, index + 1, shipment.count));
    }
  }

  /** Takes out what is owed to a cluster that is gone for good; answers it. */
  forget(destination: string): Shipment[] {
    const gone: Shipment[] = [];
    const keep = (shipment: Shipment): void => {
      const rest = shipment.destinations.filter(({ cluster }) => cluster !== destination);
      const own = shipment.destinations.filter(({ cluster }) => cluster === destination);
      if (own.length > 0) gone.push({ ...shipment, destinations: own });
      if (rest.length > 0) this.add({ ...shipment, destinations: rest });
    };
    for (const queue of this.#all()) queue.drain().forEach(keep);
    this.release(gone);
    return gone;
  }

  #all(): ShipmentQueue[] {
    const queues = [...this.#queues.values()].flatMap((lanes) => [...lanes.values()]);
    return [...queues, ...[...this.#aside].map(([, queue]) => queue), ...this.#parked.values()];
  }

  /** As `add()`, of many: copies of the same events that have one next hop go together, whatever kept them apart. */
  #addAll(shipments: readonly Shipment[]): void {
    const byHop = new Map<string, Shipment[]>();
    for (const shipment of shipments) {
      this.#watcher?.(shipment);
      for (const [hop, destinations] of this.#split(shipment)) {
        const part = { ...shipment, destinations };
        const parts = byHop.get(hop);
        if (parts === undefined) byHop.set(hop, [part]);
        else parts.push(part);
      }
    }
    for (const [hop, parts] of byHop) for (const part of uniteDestinations(parts)) this.#enqueue(hop, part);
  }

  #enqueue(peer: string, shipment: Shipment): void {
    const isCongested = ({ cluster }: FrameDestination): boolean =>
      this.#aside.isCongested(peer, cluster, shipment.lane);
    const destinations = shipment.destinations.filter((destination) => !isCongested(destination));
    for (const destination of shipment.destinations.filter(isCongested)) {
      this.#aside.push(peer, { ...shipment, destinations: [destination] });
    }
    if (destinations.length === 0) return;
    this.queueOf(peer, shipment.lane).push({ ...shipment, destinations });
    this.#parts.onQueued(peer, shipment.lane);
  }

  /** By next hop; what has none is parked. */
  #split(shipment: Shipment): Map<string, FrameDestination[]> {
    const byHop = new Map<string, FrameDestination[]>();
    for (const destination of shipment.destinations) {
      const hop = this.#hopFor(destination.cluster, shipment);
      if (typeof hop === "object") {
        this.#park(destination, shipment, hop.reason);
        continue;
      }
      const group = byHop.get(hop);
      if (group === undefined) byHop.set(hop, [destination]);
      else group.push(destination);
    }
    return byHop;
  }

  /** Only along the shortest paths do congested clusters never wait for each other in a circle: a way round one is not for them. */
  #hopFor(destination: string, { hops, lane }: Shipment): ReturnType<typeof chooseHop> {
    const routes = this.#parts.routesOf(lane);
    const hop = chooseHop(routes, destination, hops);
    if (typeof hop === "object" || hop === routes.nextHop(destination)) return hop;
    return this.#aside.isCongested(hop, destination, lane) ? { reason: "LOOP_AVOIDED" } : hop;
  }

  #park(destination: FrameDestination, shipment: Shipment, reason: ParkReason): void {
    const { world, routesOf, onParked } = this.#parts;
    const { parked: before, lane } = shipment;
    const { version } = routesOf(lane);
    const parked: Parked = before?.reason === reason ? before : { reason, since: world.now(), version };
    const waiting = { ...shipment, destinations: [destination], parked };
    let queue = this.#parked.get(destination.cluster);
    if (queue === undefined) this.#parked.set(destination.cluster, queue = new ShipmentQueue());
    queue.push(waiting);
    onParked?.(destination.cluster, reason, waiting);
  }

  /** What went in a circle goes back onto a path that it had left, once it has waited. */
  #retried(shipment: Shipment): Shipment {
    if (!isLoop(shipment) || !this.#mayGoBack(shipment)) return shipment;
    this.detours++;
    return { ...shipment, parked: undefined, hops: [], detours: shipment.detours + 1 };
  }

  #mayGoBack({ parked, detours, lane }: Shipment): boolean {
    if (parked === undefined || this.#parts.world.now() - parked.since < LOOP_PARK_MS) return false;
    return detours < DETOURS_FREE || this.#parts.routesOf(lane).version > parked.version;
  }

  #misplaced(peer: string, queue: ShipmentQueue): boolean {
    const checked = new Set<readonly FrameDestination[]>();
    for (const { destinations, hops, lane } of queue) {
      if (checked.has(destinations)) continue;
      checked.add(destinations);
      const routes = this.#parts.routesOf(lane);
      for (const { cluster } of destinations) {
        const hop = routes.nextHop(cluster);
        if (hop !== peer && (hop === undefined || !hops.includes(hop))) return true;
        if (hop !== peer && routes.nextHopAvoiding(cluster, hops) !== peer) return true;
      }
    }
    return false;
  }
}

function isLoop({ parked }: Shipment): boolean {
  return parked?.reason === "LOOP_AVOIDED" || parked?.reason === "HOP_LIMIT";
}
