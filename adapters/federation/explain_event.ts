/** Who in the whole mesh would get an event that is published here, and what stops it elsewhere. Sends no event. */

import {
  explainMesh,
  type Federation,
  type MeshDestination,
  type MeshExplanation,
  type MeshWarning,
} from "../../federation/mod.ts";
import { type CloudEvent, toReceiversDetail, type WeftNode } from "../../node/mod.ts";
import { ask } from "./ask.ts";
import { type ExplainedHere, ExplainedHereSchema, explainHere, type StoppedHere } from "./explain_here.ts";

export interface ExplainedEvent {
  readonly topic: string;
  readonly destinations: readonly ExplainedDestination[];
  readonly stopped: readonly ExplainedStop[];
  /** What is wrong with who gets it, although nothing stops it. */
  readonly warnings: readonly MeshWarning[];
}

export interface ExplainOptions {
  /** A cluster that is asked in any case: of many only some are. */
  readonly whyNot?: string;
}

export interface ExplainedDestination {
  readonly cluster: string;
  readonly path: readonly string[];
  readonly cost: number | null;
  /** Whether it is in custody on its way there; `null`: it does not leave. */
  readonly class: "custody" | "best-effort" | null;
  readonly state: "local" | "active" | "alternate" | "parked" | "dropped";
  /** A stable code. */
  readonly reason: string;
  readonly detail: string;
  /** `id` and `match` are `null` where the cluster was asked and did not answer in time. */
  readonly subscriptions: readonly {
    readonly id: string | null;
    readonly group: string | null;
    readonly match: true | null;
  }[];
  /** How many streams get it there; `null` where the cluster did not answer, or is of a version that does not say it. */
  readonly streams: number | null;
}

export interface ExplainedStop {
  readonly where: string;
  readonly subscription: string | null;
  readonly reason: string;
  readonly detail: string;
}

/** Clusters that are asked at a time. */
const ASKED_MAX = 64;
const EVERYBODY_MAX = 64;
/** What a cluster says of itself, and not of a subscription. */
const OF_THE_CLUSTER = ["STORE_FULL", "NO_ROOM", "STOPPING"];

type Asked = ReadonlyMap<string, ExplainedHere | undefined>;

export async function explainEvent(
  { node, federation }: { readonly node: WeftNode; readonly federation?: Federation },
  topic: string,
  event: CloudEvent,
  { whyNot }: ExplainOptions = {},
): Promise<ExplainedEvent> {
  const asked = await explainHere(node, topic, event, "everybody");
  const here = { ...asked, stopped: [...await explainRepeat(node, event), ...asked.stopped] };
  if (federation === undefined) {
    return { topic, ...local(node, here), stopped: located(node.cluster, here.stopped), warnings: [] };
  }
  const mesh = explainMesh(federation, topic, event);
  const answers = await askAll(federation, audiences(federation, mesh, whyNot), { topic, event });
  const destinations = mesh.destinations.map((destination) => {
    return toDestination(destination, answers.get(destination.cluster));
  });
  const elsewhere = [...stopsElsewhere(mesh, answers), ...notToldYet(mesh, answers)];
  const stopped = located(node.cluster, here.stopped).filter(({ reason }) =>
    reason !== "NO_SUBSCRIBER" || destinations.length + elsewhere.length === 0
  );
  return {
    topic,
    destinations: [...local(node, here).destinations, ...destinations],
    stopped: [...stopped, ...elsewhere],
    warnings: mesh.warnings,
  };
}

/** An event that was published before is not stored again, whoever wants it. */
async function explainRepeat(node: WeftNode, { attributes: { source, id } }: CloudEvent): Promise<StoppedHere[]> {
  const [first] = await node.find({ source, id }, { recent: true });
  if (first === undefined) return [];
  const detail =
    `an event of this source and id is here already, at position ${first.position}: a repeat is answered ` +
    "with its receipt and not stored again";
  return [{ subscription: null, reason: "DUPLICATE_ID", detail }];
}

function local({ cluster }: WeftNode, asked: ExplainedHere): Pick<ExplainedEvent, "destinations"> {
  if (!asked.wanted) return { destinations: [] };
  const subscriptions = asked.subscriptions.map((subscription) => ({ ...subscription, match: true as const }));
  const streams = asked.streams ?? 0;
  const detail = toReceiversDetail(subscriptions.length, streams);
  const here = { cluster, path: [cluster], cost: 0, class: null, state: "local", reason: "OK" } as const;
  return { destinations: [{ ...here, detail, subscriptions, streams }] };
}

interface AskedAudience {
  readonly ungrouped: boolean;
  readonly groups: readonly string[];
}

/**
 * Whom to ask, and for whom it would be there: those that it goes to, those that it does not go to although they want the
 * topic, and as many of the others as may be: what a subscription does not tell others, such as its scope, they alone know.
 */
function audiences(
  { topology }: Federation,
  { destinations, stopped, travels }: MeshExplanation,
  whyNot: string | undefined,
): ReadonlyMap<string, AskedAudience> {
  const asked = new Map<string, AskedAudience>();
  for (const { cluster, ungrouped, groups } of destinations) asked.set(cluster, { ungrouped, groups });
  for (const { where } of stopped) {
    const groups = stopped.flatMap((stop) => stop.where === where && stop.group !== null ? [stop.group] : []);
    if (!asked.has(where)) asked.set(where, { ungrouped: true, groups: groups.slice(0, EVERYBODY_MAX) });
  }
  for (const cluster of travels ? topology.table.reachable() : []) {
    if (!asked.has(cluster)) asked.set(cluster, { ungrouped: true, groups: [] });
  }
  const inQuestion = [...asked].filter(([cluster]) => cluster === whyNot);
  return new Map([...inQuestion, ...asked].slice(0, ASKED_MAX));
}

async function askAll(
  federation: Federation,
  audiences: ReadonlyMap<string, AskedAudience>,
  { topic, event }: { topic: string; event: CloudEvent },
): Promise<Asked> {
  const answers = await Promise.all(
    [...audiences].map(async ([cluster, audience]) => {
      const body = { topic, attributes: event.attributes, ...audience };
      return [cluster, await ask(federation, cluster, { kind: "explain", body, answer: ExplainedHereSchema })] as const;
    }),
  );
  return new Map(answers);
}

function toDestination(destination: MeshDestination, answer: ExplainedHere | undefined): ExplainedDestination {
  const { ungrouped, groups, ...way } = destination;
  if (answer === undefined) {
    const asked = [...ungrouped ? [null] : [], ...groups];
    return { ...way, subscriptions: asked.map((group) => ({ id: null, group, match: null })), streams: null };
  }
  const streams = answer.streams ?? null;
  const subscriptions = answer.subscriptions.map((subscription) => ({ ...subscription, match: true as const }));
  const noRoom = answer.stopped.find(({ reason }) => reason === "NO_ROOM");
  if (answer.wanted && way.reason === "OK" && noRoom !== undefined) {
    return {
      ...way,
      reason: "NO_ROOM",
      detail: `it goes there, and waits on the way: ${noRoom.detail}`,
      subscriptions,
      streams,
    };
  }
  if (answer.wanted || way.reason !== "OK") return { ...way, subscriptions, streams };
  const [stop] = answer.stopped;
  const detail = `it goes there, but nobody gets it now: ${stop?.detail ?? "nobody there wants it"}`;
  return { ...way, reason: stop?.reason ?? "NO_SUBSCRIBER", detail, subscriptions, streams };
}

/** What a cluster says of its own subscriptions says more than what is seen of it from here. */
function stopsElsewhere({ stopped: stops, destinations }: MeshExplanation, asked: Asked): ExplainedStop[] {
  const onTheWay = new Set(destinations.flatMap(({ cluster, path }) => [cluster, ...path]));
  const told = [...asked].flatMap(([where, answer]) =>
    located(where, answer?.stopped ?? []).filter(({ subscription, reason }) =>
      subscription !== null || (OF_THE_CLUSTER.includes(reason) && onTheWay.has(where))
    )
  );
  const seen = stops.filter(({ where, reason }) =>
    !told.some((stop) => stop.where === where && stop.reason === reason)
  );
  return [...seen.map(({ group: _, ...stop }) => ({ ...stop, subscription: null })), ...told];
}

/** A cluster that wants it, although nothing of that is known here: what it wants is on its way. */
function notToldYet({ destinations, stopped }: MeshExplanation, asked: Asked): ExplainedStop[] {
  const known = new Set([...destinations.map(({ cluster }) => cluster), ...stopped.map(({ where }) => where)]);
  const detail = "somebody there wants it, which is not known here yet: an event published now does not go there";
  return [...asked].flatMap(([where, answer]) =>
    answer?.wanted && !known.has(where) ? [{ where, subscription: null, reason: "NOT_TOLD", detail }] : []
  );
}

function located(where: string, stops: readonly StoppedHere[]): ExplainedStop[] {
  return stops.map((stop) => ({ where, ...stop }));
}
