/** What a path costs for one class of traffic, and how that becomes the one number that paths are compared by. */

import { type Adjacency, LINK_COST_MAX } from "./adjacency.ts";

/**
 * A way of judging paths. All clusters should be given the same classes: where they differ, an event may have to be
 * parked until a path is found that all of its way agree on.
 */
export interface RouteClass {
  readonly name: string;
  /** Added to a link's cost for each of its tags; whole, from 0. `Infinity`: the class never takes such a link. */
  readonly tagCosts: Readonly<Record<string, number>>;
}

/** The round trip and what operators add to it. */
export const LATENCY: RouteClass = { name: "latency", tagCosts: {} };

/** Frames and configuration name classes by number. */
const CLASSES_MAX = 4;

/**
 * Paths are compared by cost, then by links. A link weighs `cost × LINK_WEIGHT + 1`: sums of that compare as the pair
 * does while a path has fewer than 1,024 links, and stay a metric beyond. 4,095 links of 65,535 cost less than 2²⁸ and
 * weigh less than 2³⁸: whole numbers everywhere.
 */
const LINK_WEIGHT = 1024;

/** Throws for what paths cannot be compared by. */
export function checkClasses(classes: readonly RouteClass[]): void {
  if (classes.length === 0 || classes.length > CLASSES_MAX) {
    throw new RangeError(`Cannot route in "${classes.length}" classes: there are 1 to ${CLASSES_MAX}; name that many`);
  }
  for (const { name, tagCosts } of classes) {
    for (const [tag, cost] of Object.entries(tagCosts)) {
      if ((Number.isSafeInteger(cost) || cost === Infinity) && cost >= 0) continue;
      throw new RangeError(
        `Cannot let tag "${tag}" cost "${cost}" in class "${name}": give a whole number from 0, or Infinity for never`,
      );
    }
  }
}

/** Weights by arc; `Infinity` for what the class never takes. */
export function toWeights({ costs, tags }: Adjacency, { tagCosts }: RouteClass): Float64Array {
  const weights = new Float64Array(costs.length);
  for (let arc = 0; arc < weights.length; arc++) {
    let cost = costs[arc];
    for (const tag of tags[arc]) if (Object.hasOwn(tagCosts, tag)) cost += tagCosts[tag];
    weights[arc] = cost === Infinity ? Infinity : Math.min(cost, LINK_COST_MAX) * LINK_WEIGHT + 1;
  }
  return weights;
}

/** The cost of a path by its weight, which is finite. */
export function costOfWeight(weight: number): number {
  return (weight / LINK_WEIGHT) | 0;
}

/** The links of a path by its weight. */
export function linksOfWeight(weight: number): number {
  return weight % LINK_WEIGHT;
}
