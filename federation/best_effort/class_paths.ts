/** Whether all clusters on the way to a destination know the class: where one does not, custody stands in from the start. */

import type { Topology } from "../routing/topology.ts";

export class ClassPaths {
  readonly #self: string;
  readonly #topology: Pick<Topology, "table" | "takesBestEffort" | "installs">;
  readonly #known = new Map<string, boolean>();
  #version = -1;
  #installs = -1;

  constructor(self: string, topology: Pick<Topology, "table" | "takesBestEffort" | "installs">) {
    this.#self = self;
    this.#topology = topology;
  }

  /** Without a way nobody is on it: the event has nowhere to go in any case. */
  knows(destination: string): boolean {
    this.#refresh();
    let known = this.#known.get(destination);
    if (known === undefined) this.#known.set(destination, known = this.#ask(destination));
    return known;
  }

  #ask(destination: string): boolean {
    const { table } = this.#topology;
    const path = table.routeTo(destination)?.path ?? [];
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
