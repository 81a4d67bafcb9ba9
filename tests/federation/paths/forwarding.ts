/**
 * The rule by which events cross the mesh (design §5), with nothing around it: each cluster groups the destinations that
 * are left by its own next hop; a next hop that the event has been at means the best path without those clusters, else
 * the destination is parked. It throws as soon as a promise is broken.
 */

import type { RouteTable } from "../../../federation/routing/paths/mod.ts";

/** Destinations of one event on their way. */
export interface Copy {
  readonly at: string;
  /** Clusters that it has been at, the sender last. */
  readonly hops: readonly string[];
  readonly destinations: readonly string[];
  readonly detours: number;
}

export interface Forwarded {
  /** Links crossed by each destination's own copy, detours included. */
  readonly links: ReadonlyMap<string, number>;
  readonly parked: readonly Copy[];
  /** Times that the hop list forbade the next hop. */
  readonly avoided: number;
}

export interface ForwardingParts {
  readonly tableOf: (cluster: string) => RouteTable;
  /** Links as they are, whatever tables say. */
  readonly isLinked: (from: string, to: string) => boolean;
}

export class Forwarding implements Forwarded {
  readonly links = new Map<string, number>();
  readonly parked: Copy[] = [];
  readonly delivered = new Set<string>();
  avoided = 0;
  readonly #parts: ForwardingParts;
  readonly #onTheWay: Copy[] = [];
  /** `cluster destination` of each hand-over since routes were settled last. */
  #handled = new Set<string>();

  constructor(parts: ForwardingParts) {
    this.#parts = parts;
  }

  get isQuiet(): boolean {
    return this.#onTheWay.length === 0;
  }

  accept(at: string, destinations: readonly string[]): void {
    this.#onTheWay.push({ at, hops: [], destinations, detours: 0 });
  }

  /** Takes what is parked up again as if it had just been accepted: routes are settled now. */
  resume(): void {
    this.#handled = new Set();
    for (const { at, destinations, detours } of this.parked.splice(0)) {
      this.#onTheWay.push({ at, hops: [], destinations, detours: detours + 1 });
    }
  }

  /** Lets one copy go one step; `pick` chooses among those on the way. */
  step(pick = 0): void {
    const [copy] = this.#onTheWay.splice(pick % this.#onTheWay.length, 1);
    const rest = this.#deliver(copy);
    const groups = new Map<string, string[]>();
    for (const destination of rest) {
      this.#note(copy, destination);
      const hop = this.#hopFor(destination, copy);
      if (hop === undefined) this.parked.push({ ...copy, destinations: [destination] });
      else groups.set(hop, [...groups.get(hop) ?? [], destination]);
    }
    for (const [hop, destinations] of groups) this.#send(copy, hop, destinations);
  }

  run(): void {
    while (!this.isQuiet) this.step();
  }

  #deliver({ at, destinations }: Copy): readonly string[] {
    if (!destinations.includes(at)) return destinations;
    if (this.delivered.has(at)) throw new Error(`"${at}" got the event twice`);
    this.delivered.add(at);
    return destinations.filter((destination) => destination !== at);
  }

  #note({ at }: Copy, destination: string): void {
    const key = `${at} ${destination}`;
    if (this.#handled.has(key)) throw new Error(`"${at}" dispatched what "${destination}" is to get a second time`);
    this.#handled.add(key);
  }

  #hopFor(destination: string, { at, hops }: Copy): string | undefined {
    const table = this.#parts.tableOf(at);
    const hop = table.nextHop(destination);
    if (hop === undefined || !hops.includes(hop)) return hop;
    this.avoided++;
    return table.nextHopAvoiding(destination, hops);
  }

  #send(copy: Copy, hop: string, destinations: readonly string[]): void {
    const { at, hops } = copy;
    if (!this.#parts.isLinked(at, hop)) throw new Error(`"${at}" sends to "${hop}", but there is no such link`);
    if (hops[hops.length - 1] === hop) throw new Error(`"${at}" sends back to "${hop}"`);
    if (hops.includes(hop)) throw new Error(`"${at}" sends to "${hop}", where the event has been`);
    for (const destination of destinations) this.links.set(destination, (this.links.get(destination) ?? 0) + 1);
    this.#onTheWay.push({ ...copy, at: hop, hops: [...hops, at], destinations });
  }
}
