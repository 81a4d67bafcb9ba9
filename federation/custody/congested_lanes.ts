/**
 * What neighbours are told to send no more of. Only along the same routes do congested clusters never wait for each other in
 * a circle, so each group of lanes that shares its routes has a part of the budget to itself.
 */

import type { Congested, Lane } from "../link/codec/mod.ts";
import { Congestion } from "./congestion.ts";

/** Bytes that wait, by lane and destination. */
export type HeldByLane = ReadonlyMap<Lane, ReadonlyMap<string, number>>;

interface Group {
  readonly lanes: readonly Lane[];
  readonly congestion: Congestion;
  named: readonly string[];
}

export class CongestedLanes {
  readonly #groups: readonly Group[];

  /** `groups`: lanes that share their routes. */
  constructor(groups: readonly (readonly Lane[])[]) {
    this.#groups = groups.map((lanes) => ({ lanes, congestion: new Congestion(), named: [] }));
  }

  /** Answers what is to be told, if that has changed. */
  update(held: HeldByLane, budgetBytes: number): Congested | undefined {
    const part = budgetBytes / this.#groups.length;
    const changed = this.#groups.filter((group) => {
      const named = group.congestion.update(sumOf(held, group.lanes), part);
      group.named = named ?? group.named;
      return named !== undefined;
    });
    return changed.length === 0 ? undefined : toCongested(this.#groups);
  }
}

/** Of some lanes together. */
export function sumOf(held: HeldByLane, lanes: readonly Lane[]): Map<string, number> {
  const sum = new Map<string, number>();
  for (const lane of lanes) {
    for (const [cluster, bytes] of held.get(lane) ?? []) sum.set(cluster, (sum.get(cluster) ?? 0) + bytes);
  }
  return sum;
}

/** What holds for all lanes is said once. */
function toCongested(groups: readonly Group[]): Congested {
  const congested = groups[0].named.filter((name) => groups.every(({ named }) => named.includes(name)));
  const others = groups.flatMap(({ lanes, named }) => {
    const names = named.filter((name) => !congested.includes(name));
    return names.length === 0 ? [] : lanes.map((lane) => [lane, names] as const);
  });
  return others.length === 0 ? { congested } : { congested, congestedLanes: Object.fromEntries(others) };
}
