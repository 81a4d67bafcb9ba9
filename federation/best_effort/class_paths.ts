/** Whether all clusters on the way to a destination know the class: where one does not, custody stands in from the start. */

import type { Lane } from "../link/codec/mod.ts";
import type { Topology } from "../routing/topology.ts";

type PathsOfLanes = Pick<Topology, "table" | "routesOf" | "takesBestEffort" | "installs">;

export class ClassPaths {
  readonly #self: string;
  readonly #topology: PathsOfLanes;
  /** By lane, and destination. */
  readonly #known = new Map<Lane, Map<string, boolean>>();
  #version = -1;
  #installs = -1;

  constructor(self: string, topology: PathsOfLanes) {
    this.#self = self;
    this.#topology = topology;
  }

  /** Without a way nobody is on it: the event has nowhere to go in any case. */
  knows(destination: string, lane: Lane): boolean {
    this.#refresh();
    let ofLane = this.#known.get(lane);
    if (ofLane === undefined) this.#known.set(lane, ofLane = new Map());
    let known = ofLane.get(destination);
    if (known === undefined) ofLane.set(destination, known = this.#ask(destination, lane));
    return known;
  }

  #ask(destination: string, lane: Lane): boolean {
    const path = this.#topology.routesOf(lane).routeTo(destination)?.path ?? [];
    return path.every((cluster) => cluster === this.#self || this.#topology.takesBestEffort(cluster));
  }

  #refresh(): void {
    const { table: { version }, installs } = this.#topology;
    if (version === this.#version && installs === this.#installs) return;
    this.#known.clear();
    this.#version = version;
    this.#installs = installs;
  }
}
