/** What goes wrong in a run, and when. Each run has its own few kinds, so that rare ones are seen undisturbed, too. */

import type { SimRandom } from "./sim_random.ts";
import type { Edge } from "./topologies.ts";

export const FAULT_KINDS = [
  "cut",
  "black hole",
  "one-way hole",
  "partition",
  "slow link",
  "worse than TCP",
  "kill",
  "power loss",
  "freeze",
  "disk full",
  "slow disk",
  "reset",
] as const;
/** `leave`: stopped as an operator does it; takes the place of some kills, where that is wished. */
export type FaultKind = typeof FAULT_KINDS[number] | "leave";

export interface Fault {
  readonly kind: FaultKind;
  readonly startMs: number;
  readonly endMs: number;
  /** A cluster; or both ends of an edge; or one side of a partition. */
  readonly at: readonly string[];
}

/** Time for the mesh to form before the first fault; a quarter of the runs has no fault at all. */
const CALM_MS = 2000;
const QUIET_PERMILLE = 250;

export function planFaults(
  { names, edges, seconds, loser, leaves = false, random }: {
    names: readonly string[];
    edges: readonly Edge[];
    seconds: number;
    /** Loses something when it crashes, so it should. */
    loser: string | undefined;
    /** Every other node that would be killed is stopped as planned. */
    leaves?: boolean;
    random: SimRandom;
  },
): Fault[] {
  if (random.chance(QUIET_PERMILLE)) return [];
  const kinds = random.shuffle(FAULT_KINDS).slice(0, random.between(1, 5));
  const perSecond = random.pick([100, 300, 1000]); // thousandths
  const count = Math.ceil(seconds * perSecond / 1000 * Math.max(1, names.length / 5));
  const calmMs = random.chance(200) ? 0 : CALM_MS;
  const longest = random.pick([500, 3000, 10_000]);
  return Array.from({ length: count + (loser === undefined ? 0 : 3) }, (_, i): Fault => {
    const fault = i < count ? random.pick(kinds) : "kill";
    const startMs = random.between(calmMs, Math.max(calmMs, seconds * 1000));
    const endMs = Math.min(seconds * 1000, startMs + random.between(20, longest));
    const at = i < count ? placeOf(fault, { names, edges, random }) : [loser!];
    return { kind: leaves && fault === "kill" && startMs % 2 === 0 ? "leave" : fault, startMs, endMs, at };
  }).sort((a, b) => a.startMs - b.startMs);
}

function placeOf(
  kind: FaultKind,
  { names, edges, random }: { names: readonly string[]; edges: readonly Edge[]; random: SimRandom },
): string[] {
  switch (kind) {
    case "kill":
    case "leave":
    case "power loss":
    case "freeze":
    case "disk full":
    case "slow disk":
      return [random.pick(names)];
    case "partition": {
      const shuffled = random.shuffle(names);
      return shuffled.slice(0, random.between(1, Math.max(1, names.length - 1)));
    }
    case "cut":
    case "black hole":
    case "one-way hole":
    case "slow link":
    case "worse than TCP":
    case "reset": {
      if (edges.length === 0) return [names[0], names[0]];
      const { from, to } = random.pick(edges);
      return random.chance(500) ? [from, to] : [to, from];
    }
  }
  throw kind satisfies never;
}
