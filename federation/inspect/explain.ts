/**
 * Where an event published here would go, and what keeps it from elsewhere. Asks the very functions that dispatch asks, so
 * that what it says is what would happen. Sends nothing.
 */

import { type CloudEvent, patternMatches } from "../../node/mod.ts";
import type { Federation } from "../federation.ts";
import type { Lane } from "../link/codec/mod.ts";
import type { ToldWant } from "../routing/interest/mod.ts";
import type { TrafficClass } from "../options.ts";
import { isBestEffort, laneOf } from "../traffic.ts";
import { whyUnreachable } from "./why_unreachable.ts";

/** Stable codes. */
export type MeshReason =
  | "OK"
  /** What others want is not known yet: the event waits for that. */
  | "NOT_SYNCED"
  /** No path: the event waits here. */
  | "PARKED"
  /** No path, and it is not in custody: the event is dropped here. */
  | "NO_PATH"
  /** The next hop has no room, or the link's window is full: the event waits here. */
  | "BACK_PRESSURE"
  /** The part of the filter that travels stops it here. */
  | "FILTERED"
  /** Its group has a member in this cluster, or a nearer one. */
  | "GROUP_ELSEWHERE";

/** A cluster of the event's destination set. */
export interface MeshDestination {
  readonly cluster: string;
  /** Empty without a path. */
  readonly path: readonly string[];
  readonly cost: number | null;
  /** Whether it is in custody on its way there. */
  readonly class: TrafficClass;
  readonly state: "active" | "alternate" | "parked" | "dropped";
  readonly reason: MeshReason;
  readonly detail: string;
  /** For its readers without a group, and for these groups. */
  readonly ungrouped: boolean;
  readonly groups: readonly string[];
}

/** Why a cluster that wants the topic does not get the event, or not now. */
export interface MeshStop {
  readonly where: string;
  readonly group: string | null;
  readonly reason: MeshReason;
  readonly detail: string;
}

/** What is wrong with who gets the event, although nothing stops it. */
export interface MeshWarning {
  /** A stable code. */
  readonly reason: "GROUP_CONFLICT";
  readonly group: string;
  /** Whom it is about, by name. */
  readonly clusters: readonly string[];
  readonly detail: string;
}

export interface MeshExplanation {
  readonly destinations: readonly MeshDestination[];
  readonly stopped: readonly MeshStop[];
  readonly warnings: readonly MeshWarning[];
  /** False: events of this topic stay in this cluster. */
  readonly travels: boolean;
}

export function explainMesh(federation: Federation, topic: string, event: CloudEvent): MeshExplanation {
  const { interest, local } = federation;
  const wants = interest.remote.explain(topic, event);
  if (!local.travels({ topic })) return { destinations: [], stopped: [], warnings: [], travels: false };
  const lane = laneOf(federation.options.traffic, topic);
  const destinations = interest.destinationsOf(topic, () => event).map(({ cluster, ungrouped, groups }) => {
    return { cluster, ...wayOf(federation, { cluster, lane, topic }), ungrouped, groups };
  });
  const late = destinations.filter(({ reason }) => reason !== "OK").map(({ cluster: where, reason, detail }) => {
    return { where, group: null, reason, detail };
  });
  const missed = wants.flatMap(({ cluster, want, stoppedBy }) => {
    const destination = destinations.find((destination) => destination.cluster === cluster);
    const stop = whyNot(federation, want, { cluster, lane, stoppedBy, destination });
    return stop === undefined ? [] : [{ where: cluster, ...stop }];
  });
  const warnings = conflicts(federation, topic, wants.flatMap(({ want }) => want.group ?? []));
  return { destinations, stopped: [...late, ...unique(missed)], warnings, travels: true };
}

/** Groups that want the topic, and are defined otherwise somewhere: each definition is a group of its own. */
function conflicts({ local, groups }: Federation, topic: string, elsewhere: readonly string[]): MeshWarning[] {
  const here = local.wants().flatMap(({ group, pattern }) =>
    group !== undefined && patternMatches(pattern, topic) ? [group] : []
  );
  return groups.disputed(new Set([...here, ...elsewhere])).map(({ group, definitions }) => {
    const who = definitions.map(({ pattern, clusters }) =>
      `topic "${pattern}" and its filters in ${clusters.join(", ")}`
    );
    const detail =
      `group "${group}" is defined in different ways (${who.join("; ")}): each definition gets its own copy ` +
      "of the events; give one of them another name";
    return {
      reason: "GROUP_CONFLICT",
      group,
      clusters: definitions.flatMap(({ clusters }) => clusters).sort(),
      detail,
    };
  });
}

type Way = Pick<MeshDestination, "class" | "path" | "cost" | "state" | "reason" | "detail">;

function wayOf(
  federation: Federation,
  { cluster, lane, topic }: { readonly cluster: string; readonly lane: Lane; readonly topic: string },
): Way {
  const { options, bestEffort } = federation;
  if (!isBestEffort(options.traffic, topic)) return { class: "custody", ...wayTo(federation, cluster, lane) };
  if (bestEffort.paths.knows(cluster, lane)) {
    return { class: "best-effort", ...wayWithoutCustody(federation, cluster, lane) };
  }
  const way = wayTo(federation, cluster, lane);
  const detail = `${way.detail}; in custody, for a cluster on the way does not know the class best-effort`;
  return { class: "custody", ...way, detail };
}

/** It waits for nothing: neither for what others want to be known, nor for a link that has no room. */
function wayWithoutCustody(federation: Federation, cluster: string, lane: Lane): Omit<Way, "class"> {
  const way = federation.topology.routesOf(lane).routeTo(cluster);
  if (way === undefined) {
    const why = whyUnreachable(federation, cluster, lane);
    const detail = `best-effort: no path to "${cluster}" (${why}): it is dropped here`;
    return { path: [], cost: null, state: "dropped", reason: "NO_PATH", detail };
  }
  const { path, cost, state, reason: why } = way;
  const detail = `best-effort: it leaves once, and is lost if a link or a store on the way has no room; ${why}`;
  return { path, cost, state, reason: "OK", detail };
}

function wayTo(
  federation: Federation,
  cluster: string,
  lane: Lane,
): Omit<Way, "class"> {
  const { topology, departures } = federation;
  const way = topology.routesOf(lane).routeTo(cluster);
  if (way === undefined) {
    const why = whyUnreachable(federation, cluster, lane);
    const detail = `no path to "${cluster}" (${why}): it waits here until there is one`;
    return { path: [], cost: null, state: "parked", reason: "PARKED", detail };
  }
  const { path, cost, state, nextHop, reason: why } = way;
  if (departures.held) {
    const detail = "nobody has told yet what is wanted elsewhere: events wait for that a while";
    return { path, cost, state, reason: "NOT_SYNCED", detail };
  }
  const pressure = pressureAt(federation, { nextHop, cluster, lane });
  if (pressure !== undefined) return { path, cost, state, reason: "BACK_PRESSURE", detail: pressure };
  return { path, cost, state, reason: "OK", detail: why };
}

/** Why the link to the next hop takes nothing now. */
function pressureAt(
  { links, custody }: Federation,
  { nextHop, cluster, lane }: { nextHop: string; cluster: string; lane: Lane },
): string | undefined {
  const neighbour = links.neighbours.get(nextHop);
  const state = neighbour?.senders.get(lane)?.state;
  if (custody.isCongested(nextHop, cluster, lane)) {
    return `"${nextHop}" says that the way to "${cluster}" is congested: it waits here`;
  }
  if (state?.paused) return `"${nextHop}" has no room now (${neighbour?.lastError}): it waits here`;
  if (state !== undefined && state.credit <= 0) {
    return `lane ${lane} to "${nextHop}" is full: ${state.unacked} frames wait for its acknowledgement`;
  }
}

function whyNot(
  federation: Federation,
  { group, groupKey }: ToldWant,
  { cluster, lane, stoppedBy, destination }: {
    readonly cluster: string;
    readonly lane: Lane;
    readonly stoppedBy: string | undefined;
    readonly destination: MeshDestination | undefined;
  },
): Omit<MeshStop, "where"> | undefined {
  if (stoppedBy !== undefined) {
    if (group === undefined && destination?.ungrouped) return undefined; // another want there lets it through
    return { group: group ?? null, reason: "FILTERED", detail: `a filter stops it here already: ${stoppedBy}` };
  }
  if (group === undefined || destination?.groups.includes(group)) return undefined;
  const unreachable = whyUnreachable(federation, cluster, lane);
  const here = federation.local.wants().some((want) => want.groupKey === groupKey);
  const detail = here
    ? `group "${group}" has a member in this cluster, which gets it`
    : `another cluster was picked for group "${group}"${
      unreachable === null ? "" : `: no path to this one, ${unreachable}`
    }`;
  return { group, reason: "GROUP_ELSEWHERE", detail };
}

function unique(stops: readonly MeshStop[]): MeshStop[] {
  const byText = new Map(stops.map((stop) => [`${stop.where} ${stop.group} ${stop.reason} ${stop.detail}`, stop]));
  return [...byText.values()];
}
