/** What happened to an event, hop by hop and subscription by subscription, after the fact: asks along the path. */

import type { Federation, TraceHop } from "../../federation/mod.ts";
import type { EventId, WeftNode } from "../../node/mod.ts";
import { ask } from "./ask.ts";
import { type EventCopy, findCopies, FoundSchema, traceCopy, type TracedHere, TracedHereSchema } from "./trace_here.ts";

type TracedDelivery = TracedHere["deliveries"][number] & { readonly cluster: string };

/** One copy of the event: as it was published at one cluster. Times are wall clocks, ms since 1970. */
export interface TracedCopy {
  readonly origin: {
    readonly cluster: string;
    readonly epoch: number;
    readonly sequence: number;
    readonly at: number | null;
  };
  /** In the order of the path. */
  readonly hops: readonly TraceHop[];
  readonly deliveries: readonly TracedDelivery[];
  readonly destinations: TracedHere["destinations"];
  /** False while its origin has not found its destinations yet. */
  readonly dispatched: boolean;
  /** Clusters on its way that did not answer. */
  readonly missing: readonly string[];
}

export interface TracedEvent extends TracedCopy {
  /** Further copies: the same source and id, published at other clusters too. */
  readonly copies: readonly TracedCopy[];
}

interface Parts {
  readonly node: WeftNode;
  readonly federation?: Federation;
}

/** Clusters asked for an event that is not here, and for one copy. */
const ASKED_MAX = 64;
const COPIES_MAX = 4;

/** `undefined`: no cluster that can be reached knows the event. The copy that was published first comes first. */
export async function traceEvent(parts: Parts, id: EventId): Promise<TracedEvent | undefined> {
  const here = await findCopies(parts.node, id, { recent: false });
  // A copy that was refused here is known where it was published; reading whole logs for that would be too much.
  const elsewhere = await findElsewhere(parts, { ...id, recent: here.length > 0 });
  const copies = unique([...here, ...elsewhere]).slice(0, COPIES_MAX);
  const [first, ...others] = await Promise.all(copies.map((copy) => trace(parts, id, copy)));
  return first && { ...first, copies: others };
}

async function findElsewhere(
  { federation }: Parts,
  body: EventId & { readonly recent: boolean },
): Promise<EventCopy[]> {
  if (federation === undefined) return [];
  const clusters = federation.topology.table.reachable().slice(0, ASKED_MAX);
  const answers = await Promise.all(
    clusters.map((cluster) => ask(federation, cluster, { kind: "find", body, answer: FoundSchema })),
  );
  return answers.flatMap((answer) => answer?.copies ?? []);
}

/** One of each copy, the earliest first. */
function unique(copies: readonly EventCopy[]): EventCopy[] {
  const byKey = new Map<string, EventCopy>();
  for (const copy of [...copies].sort((a, b) => a.at - b.at)) {
    const key = `${copy.origin}/${copy.epoch}/${copy.sequence}`;
    if (!byKey.has(key)) byKey.set(key, copy);
  }
  return [...byKey.values()];
}

/** Asks the origin, then whoever got it, then whoever got it from those. */
async function trace(parts: Parts, id: EventId, copy: EventCopy): Promise<TracedCopy> {
  const answers = new Map<string, TracedHere | undefined>();
  let next = [...new Set([copy.origin, parts.node.cluster])];
  while (next.length > 0) {
    const told = await Promise.all(
      next.map(async (cluster) => [cluster, await askFor(parts, cluster, id, copy)] as const),
    );
    for (const [cluster, answer] of told) answers.set(cluster, answer);
    const named = told.flatMap(([, answer]) => answer === undefined ? [] : clustersOf(answer));
    next = [...new Set(named)].filter((cluster) => !answers.has(cluster)).slice(0, ASKED_MAX - answers.size);
  }
  return assemble(copy, answers);
}

function askFor({ node, federation }: Parts, cluster: string, id: EventId, copy: EventCopy) {
  const { origin, epoch, sequence } = copy;
  if (cluster === node.cluster) return traceCopy({ node, federation }, id, copy);
  if (federation === undefined) return Promise.resolve(undefined);
  const body = { ...id, origin, epoch, sequence };
  return ask(federation, cluster, { kind: "trace", body, answer: TracedHereSchema });
}

function clustersOf({ hops, destinations }: TracedHere): string[] {
  const neighbours = hops.flatMap(({ from, to }) => from === null ? to : [from, ...to]);
  return [...neighbours, ...destinations.map(({ cluster }) => cluster)];
}

function assemble(
  { origin: cluster, epoch, sequence, at }: EventCopy,
  answers: ReadonlyMap<string, TracedHere | undefined>,
): TracedCopy {
  const origin = answers.get(cluster);
  const told = [...answers].flatMap(([name, answer]) => answer === undefined ? [] : [[name, answer] as const]);
  return {
    origin: { cluster, epoch, sequence, at: origin === undefined ? at : origin.acceptedAt },
    hops: inOrder(cluster, told.flatMap(([name, { hops }]) => hops.filter((hop) => hop.cluster === name))),
    deliveries: told.flatMap(([name, { deliveries }]) =>
      deliveries.map((delivery) => ({ cluster: name, ...delivery }))
    ),
    destinations: origin?.destinations ?? [],
    dispatched: origin?.dispatched ?? true,
    missing: [...answers].filter(([, answer]) => answer === undefined).map(([name]) => name).sort(),
  };
}

/** From the origin on, by who handed it to whom: clocks of different clusters do not tell. */
function inOrder(origin: string, hops: readonly TraceHop[]): TraceHop[] {
  const left = new Set(hops);
  const ordered: TraceHop[] = [];
  let edge = new Set([origin]);
  while (edge.size > 0) {
    const now = [...left].filter(({ cluster, from }) => edge.has(cluster) && (from === null || cluster !== origin));
    const further = new Set<string>();
    for (const hop of now) {
      left.delete(hop);
      ordered.push(hop);
      for (const to of hop.to) further.add(to);
    }
    edge = now.length === 0 ? new Set() : further;
  }
  return [...ordered, ...left];
}
