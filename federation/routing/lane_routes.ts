/** The routes of a table as the events of one class see them. */

import type { NextHops } from "../next_hop.ts";
import type { Route, RouteTable } from "./paths/mod.ts";

export class LaneRoutes implements NextHops {
  readonly #table: RouteTable;
  readonly #klass: number;

  /** `klass`: by number, see `LaneClasses`. */
  constructor(table: RouteTable, klass: number) {
    this.#table = table;
    this.#klass = klass;
  }

  /** Grows with each change of the table. */
  get version(): number {
    return this.#table.version;
  }

  nextHop(destination: string): string | undefined {
    return this.#table.nextHop(destination, this.#klass);
  }

  nextHopAvoiding(destination: string, avoid: readonly string[]): string | undefined {
    return this.#table.nextHopAvoiding(destination, avoid, this.#klass);
  }

  routeTo(destination: string): Route | undefined {
    return this.#table.routeTo(destination, this.#klass);
  }

  distance(destination: string): number | undefined {
    return this.#table.distance(destination, this.#klass);
  }
}
