/** Why there is no path to a cluster, for people: where the way broke, by what all clusters have told of their links. */

import type { Federation } from "../federation.ts";
import type { Lane } from "../link/codec/mod.ts";

/** Links named at most: the first ones say where to look. */
const NAMED_MAX = 3;

interface Broken {
  /** On the side that can be reached; this cluster itself, perhaps. */
  readonly near: string;
  readonly far: string;
}

/** `null`: there is a path that events of the lane may take, or it is this cluster. */
export function whyUnreachable(federation: Federation, cluster: string, lane: Lane): string | null {
  const { topology, self } = federation;
  if (cluster === self || topology.routesOf(lane).nextHop(cluster) !== undefined) return null;
  if (topology.table.nextHop(cluster) !== undefined) return onlyForbidden(federation, lane);
  if (topology.hasLeft(cluster)) {
    return "it was stopped as planned; start it again, or forget it if it is gone for good";
  }
  const broken = brokenLinks(federation, cluster);
  if (broken.length === 0) return NOT_TOLD;
  const named = broken.slice(0, NAMED_MAX).map((link) => toText(federation, link));
  const text = named.join(", ") + (broken.length > NAMED_MAX ? ` and ${broken.length - NAMED_MAX} others` : "");
  return `${text}; see whether it runs, and what \`weft links\` says there`;
}

function onlyForbidden({ topology: { lanes } }: Federation, lane: Lane): string {
  const { tagCosts } = lanes.classes[lanes.of(lane)];
  const tags = Object.keys(tagCosts).filter((tag) => tagCosts[tag] === Infinity).map((tag) => `"${tag}"`);
  return `each way there has a link with the tag ${
    tags.join(" or ")
  }, which federation.tagCosts forbids events of lane ${lane}`;
}

const NOT_TOLD =
  "nobody has told here of a link that leads to it; it was not joined, or what joined it is out of reach";

function toText({ self, links }: Federation, { near, far }: Broken): string {
  if (near !== self) return `the link of "${near}" with "${far}" is down`;
  return `the link with "${far}" is down (${links.neighbours.get(far)?.lastError ?? "closed"})`;
}

/** Links between what can be reached and the part of the mesh in which the cluster is, by name. */
function brokenLinks({ topology: { states, table }, self, links }: Federation, cluster: string): Broken[] {
  const reachable = new Set([self, ...table.reachable()]);
  const part = new Set([cluster]);
  const found = new Map<string, Broken>();
  const note = (near: string, far: string): void => void found.set(`${near} ${far}`, { near, far });
  for (const far of part) {
    for (const { peer, up } of states.get(far)?.links ?? []) {
      if (reachable.has(peer)) note(peer, far);
      else if (up) part.add(peer);
    }
  }
  for (const { peer, up } of links.neighbours.values()) if (!up && part.has(peer)) note(self, peer);
  for (const near of reachable) {
    for (const { peer } of states.get(near)?.links ?? []) if (part.has(peer)) note(near, peer);
  }
  return [...found].sort(([a], [b]) => a < b ? -1 : 1).map(([, link]) => link);
}
