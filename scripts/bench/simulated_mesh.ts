/** A mesh of whole clusters in virtual time: how long it takes is a matter of protocol and delays, and not of this machine. */

import type { Federation } from "../../federation/mod.ts";
import { FederationMember } from "../../tests/simulator/federation_member.ts";
import { SimRandom } from "../../tests/simulator/sim_random.ts";
import { buildMesh } from "../../tests/simulator/simulator_support.ts";
import type { Simulation } from "../../tests/simulator/simulation.ts";
import { GOOD_PATH } from "../../tests/simulator/virtual_path.ts";

/** Links of a cluster, at most. */
export const DEGREE = 4;
/** Of a link, each way. */
export const DELAY_MS = [5, 40] as const;
/** What is timed is looked at this often. */
const LOOK_MS = 5;
const REST_LOOK_MS = 50;
const REST_MS_MAX = 60_000;
/** Routes that have not changed for so long do not change any more. */
const QUIET_MS = 400;

export type Link = readonly [string, string];

export class SimulatedMesh {
  readonly clusters: readonly string[];
  readonly links: readonly Link[];
  readonly random: SimRandom;
  readonly #simulation: Simulation;
  /** By neighbour, ms each way. */
  readonly #delays = new Map<string, Map<string, number>>();

  private constructor(size: number, seed: number) {
    this.random = new SimRandom(seed);
    this.clusters = Array.from({ length: size }, (_, n) => `c${n}`);
    this.links = planLinks(this.clusters, this.random);
    this.#simulation = buildMesh({ seed, links: this.links.map((link) => link.join("-")).join(" "), wants: {} });
    for (const [a, b] of this.links) {
      const delayUs = this.random.between(DELAY_MS[0] * 1000, DELAY_MS[1] * 1000);
      this.#simulation.network.setQuality(a, b, { ...GOOD_PATH, delayUs });
      this.#neighbours(a).set(b, delayUs / 1000);
      this.#neighbours(b).set(a, delayUs / 1000);
    }
  }

  /** All clusters start at once; answers the mesh when every link is up and each cluster knows the way to every other. */
  static form(size: number, seed: number): SimulatedMesh {
    const mesh = new SimulatedMesh(size, seed);
    for (const cluster of mesh.clusters) mesh.start(cluster);
    mesh.rest();
    collectGarbage();
    return mesh;
  }

  /** Virtual time since the beginning, ms. */
  get nowMs(): number {
    return this.#simulation.nowMs;
  }

  federation(cluster: string): Federation | undefined {
    return (this.#simulation.node(cluster).member as FederationMember | undefined)?.federation;
  }

  start(cluster: string): void {
    this.#simulation.node(cluster).start();
  }

  /** The machine loses power: nobody is told. */
  kill(cluster: string): void {
    this.#simulation.node(cluster).stop({ powerLoss: true });
  }

  /** Nothing passes a link any more, and nobody is told; or it passes again. */
  setBlackHole([a, b]: Link, hole: boolean): void {
    this.#simulation.network.setHole(a, b, hole);
    this.#simulation.network.setHole(b, a, hole);
  }

  subscribe(cluster: string, pattern: string): void {
    const node = this.#simulation.node(cluster);
    node.setWants([...node.wants, { pattern, durable: true }]);
  }

  /** Whether an event of this topic, published at one cluster now, is sent to the other. */
  reaches(topic: string, from: string, to: string): boolean {
    const member = this.#simulation.node(from).member!;
    return member.destinations(topic, unread).some(({ cluster }) => cluster === to);
  }

  /** The quickest way to the cluster that is farthest from this one, and back: no answer of all clusters is there sooner. */
  roundTripMs(cluster: string): number {
    const ways = new Map([[cluster, 0]]);
    for (const [near, ms] of ways) {
      for (const [far, delayMs] of this.#neighbours(near)) {
        if (ms + delayMs >= (ways.get(far) ?? Infinity)) continue;
        ways.delete(far); // looked at again, after all the others
        ways.set(far, ms + delayMs);
      }
    }
    return 2 * Math.max(...ways.values());
  }

  /** Lets time go on until something is so, to within some ms; throws when it is not in time. */
  until(isSo: () => boolean, timeoutMs: number, what: string): void {
    const endMs = this.nowMs + timeoutMs;
    while (!isSo()) {
      if (this.nowMs >= endMs) throw new Error(`Cannot wait longer than ${timeoutMs} virtual ms: ${what}`);
      this.advance(LOOK_MS);
    }
  }

  advance(ms: number): void {
    const { scheduler, observer } = this.#simulation;
    scheduler.runUntil(scheduler.now + ms * 1000);
    if (observer.failure !== undefined) throw observer.failure;
  }

  /** Lets time go on until all links are up, everybody can be reached from everywhere, and no route changes any more. */
  rest(): void {
    const endMs = this.nowMs + REST_MS_MAX;
    let before = this.#versions();
    for (let quietMs = 0; quietMs < QUIET_MS || !this.#isWhole();) {
      if (this.nowMs >= endMs) {
        throw new Error(`Cannot wait longer than ${REST_MS_MAX} virtual ms: the mesh has no rest`);
      }
      this.advance(REST_LOOK_MS);
      const now = this.#versions();
      quietMs = isSame(now, before) ? quietMs + REST_LOOK_MS : 0;
      before = now;
    }
  }

  /** A number for each cluster that changes with its routes; of one that is still opening, -1. */
  #versions(): number[] {
    return this.clusters.map((cluster) => this.federation(cluster)?.topology.table.version ?? -1);
  }

  #isWhole(): boolean {
    const { clusters, links } = this;
    if (!links.every(([a, b]) => this.#hasLink(a, b) && this.#hasLink(b, a))) return false;
    return clusters.every((cluster) => {
      return this.federation(cluster)!.topology.table.reachable().length === clusters.length - 1;
    });
  }

  #neighbours(cluster: string): Map<string, number> {
    const neighbours = this.#delays.get(cluster) ?? new Map();
    this.#delays.set(cluster, neighbours);
    return neighbours;
  }

  #hasLink(from: string, to: string): boolean {
    return this.federation(from)?.links.neighbours.get(to)?.up === true;
  }
}

/** A ring, so that the mesh holds together without any one link or cluster, and random chords. */
function planLinks(clusters: readonly string[], random: SimRandom): Link[] {
  const size = clusters.length;
  const neighbours = clusters.map(() => new Set<number>());
  const links: Link[] = [];
  const join = (a: number, b: number): void => {
    if (a === b || neighbours[a].has(b)) return;
    neighbours[a].add(b);
    neighbours[b].add(a);
    links.push([clusters[a], clusters[b]]);
  };
  for (let n = 0; n < size; n++) join(n, (n + 1) % size);
  for (let tries = 0; tries < size * DEGREE; tries++) {
    const [a, b] = [random.below(size), random.below(size)];
    if (neighbours[a].size < DEGREE && neighbours[b].size < DEGREE) join(a, b);
  }
  return links;
}

/** A large mesh has far more under way while it comes together than it holds afterwards; Bun would keep room for all of it. */
function collectGarbage(): void {
  (globalThis as { readonly Bun?: { gc(force: boolean): void } }).Bun?.gc(true);
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.every((value, i) => value === b[i]);
}

function unread(): never {
  throw new Error("Cannot read an event of a benchmark: no want of it has a filter");
}
