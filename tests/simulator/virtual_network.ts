/** The paths between all machines, the connections on them, and the faults of both. */

import type { Scheduler } from "./scheduler.ts";
import type { SimRandom } from "./sim_random.ts";
import type { Trace } from "./trace.ts";
import { VirtualHost } from "./virtual_host.ts";
import { type PathQuality, VirtualPath } from "./virtual_path.ts";

export interface NetworkParts {
  readonly scheduler: Scheduler;
  readonly random: SimRandom;
  readonly trace: Trace;
}

/** What the network can do to a connection. */
export interface Breakable {
  readonly ends: readonly [string, string];
  /** Both sides are told. */
  reset(reason: string): void;
}

export class VirtualNetwork {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly #random: SimRandom;
  readonly #hosts = new Map<string, VirtualHost>();
  readonly #paths = new Map<string, VirtualPath>();
  readonly #cuts = new Set<string>();
  readonly #connections = new Set<Breakable>();

  constructor({ scheduler, random, trace }: NetworkParts) {
    this.scheduler = scheduler;
    this.trace = trace;
    this.#random = random;
  }

  addHost(name: string): VirtualHost {
    const host = new VirtualHost(name, { scheduler: this.scheduler, random: this.#random.fork(), trace: this.trace });
    this.#hosts.set(name, host);
    return host;
  }

  host(name: string): VirtualHost | undefined {
    return this.#hosts.get(name);
  }

  path(from: string, to: string): VirtualPath {
    const key = `${from} ${to}`;
    let path = this.#paths.get(key);
    if (path === undefined) this.#paths.set(key, path = new VirtualPath());
    return path;
  }

  /** Dice for a pipe. */
  dice(): SimRandom {
    return this.#random.fork();
  }

  setQuality(a: string, b: string, quality: PathQuality): void {
    this.path(a, b).quality = this.path(b, a).quality = quality;
  }

  isCut(a: string, b: string): boolean {
    return this.#cuts.has(pair(a, b));
  }

  /** While cut, connections between the two break, and none can be made: whoever tries is refused. */
  setCut(a: string, b: string, cut: boolean): void {
    if (cut === this.isCut(a, b)) return;
    this.trace.note(cut ? "cut" : "cut healed", a, b);
    if (!cut) return void this.#cuts.delete(pair(a, b));
    this.#cuts.add(pair(a, b));
    this.resetBetween(a, b, "connection reset by the network");
  }

  /** In a hole nothing arrives from one at the other, and nobody is told; what was stuck in it goes on afterwards. */
  setHole(from: string, to: string, hole: boolean): void {
    const path = this.path(from, to);
    if (path.hole === hole) return;
    this.trace.note(hole ? "black hole" : "hole healed", from, to);
    if (hole) path.openHole();
    else path.closeHole();
  }

  resetBetween(a: string, b: string, reason: string): void {
    for (const connection of [...this.#connections]) {
      const [one, other] = connection.ends;
      if (pair(one, other) === pair(a, b)) connection.reset(reason);
    }
  }

  addConnection(connection: Breakable): void {
    this.#connections.add(connection);
  }

  removeConnection(connection: Breakable): void {
    this.#connections.delete(connection);
  }
}

function pair(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
