/** What must hold at any time, what must come true once nothing is broken any more, and what must be true in the end. */

import { Violation } from "./history.ts";
import type { LedgerLine, MemberState } from "./member.ts";
import type { Observer } from "./observer.ts";
import type { SimNode } from "./sim_node.ts";
import type { Edge } from "./topologies.ts";

/** Intervals of one (origin, epoch): far more than reordering makes in a run, far less than one for each event of many. */
const INTERVALS_MAX = 5000;

/** At any time: the books balance, and memory is bounded. Throws `Violation`. */
export function checkAlways(nodes: Iterable<SimNode>): void {
  for (const { cluster, member } of nodes) {
    if (member === undefined) continue;
    const { ledger, intervalsMax } = member.books();
    for (const line of ledger) checkBalance(cluster, line);
    if (intervalsMax > INTERVALS_MAX) {
      throw new Violation("G5 bounded", `${cluster} keeps ${intervalsMax} intervals of one origin`);
    }
  }
}

function checkBalance(cluster: string, line: LedgerLine): void {
  const { destination, accepted, delivered, expired, rejected, evicted, outstanding } = line;
  const ended = delivered + expired + rejected + evicted;
  if (accepted === ended + outstanding && Object.values(line).every((term) => typeof term === "string" || term >= 0)) {
    return;
  }
  throw new Violation(
    "G6 truth",
    `${cluster} for ${destination}: accepted ${accepted} ≠ delivered ${delivered} + expired ${expired} + ` +
      `rejected ${rejected} + evicted ${evicted} + outstanding ${outstanding}`,
  );
}

/** Why the mesh has not come to rest yet; `undefined` when it has. */
export function unrest(nodes: readonly SimNode[], edges: readonly Edge[]): string | undefined {
  const states = new Map<string, MemberState>();
  for (const { cluster, member } of nodes) {
    if (member === undefined) return `${cluster} does not run`;
    states.set(cluster, member.state());
  }
  const first = states.get(nodes[0].cluster)!;
  for (const [cluster, state] of states) {
    const { undispatched, queued, parked, root } = state;
    if (undispatched > 0) return `${cluster} has ${undispatched} events without destinations`;
    if (queued > 0) return `${cluster} has ${queued} pairs queued`;
    if (parked > 0) return `${cluster} has ${parked} pairs parked`;
    if (root !== first.root) return `the records of ${cluster} are not those of ${nodes[0].cluster}`;
  }
  for (const { cluster, member } of nodes) {
    const open = member!.books().ledger.find(({ outstanding, presumed = 0 }) => outstanding + presumed > 0);
    if (open !== undefined) {
      const count = open.outstanding + (open.presumed ?? 0);
      return `${cluster} does not know the end of ${count} events for ${open.destination}`;
    }
  }
  return unlinked(states, edges) ?? misrouted(states) ?? heldBack(nodes, states);
}

function heldBack(nodes: readonly SimNode[], states: ReadonlyMap<string, MemberState>): string | undefined {
  if (!hasRoutes(states)) return undefined;
  const { cluster, reader } = nodes.find((node) => node.reader.waiting > 0) ?? {};
  return reader && `an ordered subscriber of ${cluster} has ${reader.waiting} events and waits for ${reader.waitsFor}`;
}

function unlinked(states: ReadonlyMap<string, MemberState>, edges: readonly Edge[]): string | undefined {
  if (!hasRoutes(states)) return undefined;
  for (const { from, to } of edges) {
    if (!states.get(from)!.links.includes(to)) return `${from} has no link with ${to}`;
    if (!states.get(to)!.links.includes(from)) return `${to} has no link with ${from}`;
  }
  return undefined;
}

/** Each way must lead to its end, and get cheaper with each step. */
function misrouted(states: ReadonlyMap<string, MemberState>): string | undefined {
  if (!hasRoutes(states)) return undefined;
  const [{ routes: classes }] = states.values();
  for (const klass of classes.keys()) {
    const problem = misroutedInClass(states, klass);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function misroutedInClass(states: ReadonlyMap<string, MemberState>, klass: number): string | undefined {
  for (const [from, { routes }] of states) {
    for (const to of states.keys()) {
      if (to === from) continue;
      const route = routes[klass].get(to);
      if (route === undefined) return `${from} has no route to ${to}`;
      const next = states.get(route.nextHop);
      if (next === undefined) return `${from} routes to ${to} over ${route.nextHop}, which is nobody`;
      if (route.nextHop === to) continue;
      const rest = next.routes[klass].get(to);
      if (rest === undefined || rest.cost >= route.cost) {
        return `the way from ${from} to ${to} (${route.cost}) over ${route.nextHop} (${rest?.cost}) leads away`;
      }
    }
  }
  return undefined;
}

/** A member that floods has no routes and no links. */
function hasRoutes(states: ReadonlyMap<string, MemberState>): boolean {
  return [...states.values()].some(({ routes }) => routes.some(({ size }) => size > 0));
}

/** In the end, when all is at rest: every promise was kept, and the books say what the logs say. Throws `Violation`. */
export function checkInTheEnd(
  nodes: readonly SimNode[],
  observer: Observer,
  { exact, mayEvict }: { exact: boolean; mayEvict: boolean },
): void {
  checkPromises(observer, new Evictions(mayEvict ? nodes : []));
  if (exact) { for (const node of nodes) checkBooks(node, observer); }
}

function checkPromises(observer: Observer, evictions: Evictions): void {
  for (const { key, origin, identity, destinations, mortal, twice } of observer.promised.values()) {
    if (mortal) continue;
    for (const { cluster, ungrouped } of destinations) {
      const log = observer.log(cluster);
      const has = log.delivered.has(key) || (twice && log.hasIdentity(identity));
      if (ungrouped && !has && !evictions.explain(key, origin, [cluster])) {
        throw new Violation("G1 custody", `${key} never came to ${cluster}`);
      }
    }
    if (destinations.every(({ groups }) => groups.length === 0)) continue;
    for (const group of new Set(destinations.flatMap(({ groups }) => groups))) {
      const heard = observer.clustersWith(key).filter((cluster) => observer.reached(cluster, key, group));
      const picked = destinations.filter(({ groups }) => groups.includes(group)).map(({ cluster }) => cluster);
      if (heard.length === 0 && !twice && !evictions.explain(key, origin, [...picked, ...evictions.of(origin)])) {
        throw new Violation("G1 custody", `${key} never came to group "${group}"`);
      }
    }
  }
}

/** What the books of the origins say was evicted: each explains one event that did not arrive. */
class Evictions {
  readonly #left = new Map<string, number>();
  readonly #explained = new Set<string>();

  constructor(nodes: readonly SimNode[]) {
    for (const { cluster, member } of nodes) {
      for (const { destination, evicted } of member!.books().ledger) {
        this.#left.set(`${cluster}/${destination}`, evicted);
      }
    }
  }

  /** Destinations to which the event may have been sent, the likely ones first. */
  explain(event: string, origin: string, destinations: readonly string[]): boolean {
    if (destinations.some((destination) => this.#explained.has(`${event} ${destination}`))) return true;
    for (const destination of destinations) {
      const key = `${origin}/${destination}`;
      const left = this.#left.get(key) ?? 0;
      if (left === 0) continue;
      this.#left.set(key, left - 1);
      this.#explained.add(`${event} ${destination}`);
      return true;
    }
    return false;
  }

  /** Clusters to which something was evicted: an event of a group may have moved to any of them. */
  of(origin: string): string[] {
    const prefix = `${origin}/`;
    return [...this.#left.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  }
}

function checkBooks({ cluster, member }: SimNode, observer: Observer): void {
  for (const { destination, delivered } of member!.books().ledger) {
    const arrived = observer.log(destination).countOf(cluster);
    if (arrived !== delivered) {
      throw new Violation(
        "G6 truth",
        `${cluster} counts ${delivered} delivered to ${destination}, which has ${arrived}`,
      );
    }
  }
}
