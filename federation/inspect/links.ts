/** The links of this cluster: up or not and why, and where each lane of them stands. */

import type { Federation } from "../federation.ts";
import { type Congested, type Lane, LANES } from "../link/codec/mod.ts";
import type { Neighbour } from "../link/neighbour.ts";
import { shownUrl } from "../link/shown_url.ts";

export interface LaneView {
  readonly lane: Lane;
  /** Events that wait to be sent, and their bytes. */
  readonly queued: number;
  readonly queuedBytes: number;
  /** Events kept aside, since the peer says that the way to their destination is congested, and their bytes. */
  readonly aside: number;
  readonly asideBytes: number;
  /** Position of the event that has waited longest, sent ones included; `null`: none waits. */
  readonly oldestPosition: number | null;
  /** Frames sent and not acknowledged, and the events in them. */
  readonly unacked: number;
  readonly unackedEvents: number;
  /** Frames of this link epoch. */
  readonly sentSequence: number;
  readonly ackedSequence: number;
  /** Last frame of the peer that is durable here. */
  readonly receivedSequence: number;
  /** Bytes that may be sent before the next acknowledgement. */
  readonly credit: number;
  /** The peer has no room, and is left alone for a while. */
  readonly paused: boolean;
  /** How long the oldest frame has waited for its acknowledgement, ms. */
  readonly waitedMs: number;
}

export interface LinkView {
  /** The neighbouring cluster; `null`: nobody has answered at the URL yet, or one side refused the other. */
  readonly peer: string | null;
  /** Where this side dials it, or where the peer said that it can be dialled; without a password. */
  readonly url: string | null;
  readonly state: "up" | "down" | "opening";
  /** Whether this side dialled. */
  readonly direction: "outbound" | "inbound" | null;
  /** Smoothed; `null` while there is no link. */
  readonly rttMs: number | null;
  readonly cost: number | null;
  /** Words that the operator of either end has given the link. */
  readonly tags: readonly string[];
  readonly lanes: readonly LaneView[];
  /** How long the state has held, ms; `null`: not known. */
  readonly sinceMs: number | null;
  readonly lastError: string | null;
  /** How long ago that was, ms; `null`: not known. */
  readonly lastErrorMs: number | null;
  /** Times that it went down since the start. */
  readonly downs: number;
  /**
   * Of a link that is not up: whether this side is dialling, waits until it does again, or is connected and hears nobody there;
   * `null`: the other side dials.
   */
  readonly dialState: "dialling" | "waiting" | "open" | null;
  /** Of a link that is not up: dials since it last was; `null`: the other side dials. */
  readonly dialAttempts: number | null;
  /** Until this side dials again, ms; `null`: it does not, or is just doing so. */
  readonly nextDialInMs: number | null;
  /** Destinations that the neighbour is to be spared, in some lane at least, since it holds too much for them. */
  readonly congested: readonly string[];
}

/** By peer; URLs at which nobody has answered, and who was refused of late, last. */
export function listLinks(federation: Federation): LinkView[] {
  const neighbours = [...federation.links.neighbours.values()].sort((a, b) => a.peer < b.peer ? -1 : 1);
  const links = neighbours.map((neighbour) => toLink(federation, neighbour));
  const met = new Set(neighbours.map((neighbour) => federation.urlOf(neighbour)));
  const waiting = federation.dialling.joiner.status.filter(({ url, state }) => !met.has(url) && state !== "open")
    .sort((a, b) => a.url < b.url ? -1 : 1);
  return [
    ...links,
    ...waiting.map(({ url, state, lastError, attempts, nextDialInMs }): LinkView => ({
      ...NO_LINK,
      url: shownUrl(url),
      state: state === "dialling" && attempts === 1 ? "opening" : "down",
      direction: "outbound",
      lastError: lastError ?? null,
      dialState: state,
      dialAttempts: attempts,
      nextDialInMs: nextDialInMs ?? null,
    })),
    ...federation.links.strangers.map(({ code, detail, busName, dialled, url, since, at }): LinkView => ({
      ...NO_LINK,
      url: dialled ? busName : url === undefined ? null : shownUrl(url),
      direction: dialled ? "outbound" : "inbound",
      sinceMs: Math.round(federation.world.now() - since),
      lastErrorMs: Math.round(federation.world.now() - at),
      lastError: `${code}: ${detail}`,
    })),
  ];
}

const NO_LINK = {
  peer: null,
  state: "down",
  rttMs: null,
  cost: null,
  tags: [],
  lanes: [],
  sinceMs: null,
  lastError: null,
  lastErrorMs: null,
  downs: 0,
  dialState: null,
  dialAttempts: null,
  nextDialInMs: null,
  congested: [],
} as const;

function toLink(federation: Federation, neighbour: Neighbour): LinkView {
  const url = federation.urlOf(neighbour);
  // Why it went down is the past; why it does not come up again is what somebody can mend.
  const dialled = neighbour.up ? undefined : federation.dialling.targetOf(neighbour.peer);
  const { world, topology } = federation;
  const { peer, active, sessions, up, downs, since } = neighbour;
  const session = active ?? [...sessions].at(-1);
  const { lastErrorAt } = neighbour;
  const newer = (up ? undefined : session?.lastError) ?? dialled?.lastError;
  return {
    peer,
    url: url === undefined ? null : shownUrl(url),
    state: up ? "up" : session?.state === "opening" ? "opening" : "down",
    direction: session === undefined ? null : session.bus.dialled ? "outbound" : "inbound",
    rttMs: active === undefined ? null : Math.round(active.rttMs * 100) / 100,
    cost: up ? topology.costOf(peer) : null,
    tags: topology.tagsOf(peer),
    lanes: LANES.filter((lane) => neighbour.senders.has(lane)).map((lane) => toLane(federation, neighbour, lane)),
    sinceMs: Math.round(world.now() - since),
    lastError: newer ?? neighbour.lastError ?? null,
    lastErrorMs: newer !== undefined || lastErrorAt === undefined ? null : Math.round(world.now() - lastErrorAt),
    downs,
    dialState: dialled?.state ?? null,
    dialAttempts: dialled?.attempts ?? null,
    nextDialInMs: dialled?.nextDialInMs ?? null,
    congested: namesIn(active?.theirs ?? { congested: [] }),
  };
}

function namesIn({ congested, congestedLanes = {} }: Congested): string[] {
  return [...new Set([...congested, ...Object.values(congestedLanes).flat()])].sort();
}

function toLane({ custody, places }: Federation, { peer, senders }: Neighbour, lane: Lane): LaneView {
  const sender = senders.get(lane)!;
  const queue = custody.queueOf(peer, lane);
  const { unacked, unackedEvents, sentSequence, ackedSequence, credit, paused, waitedMs } = sender.state;
  const [firstSent] = sender.inFlight();
  const aside = custody.asideOf(peer, lane);
  const waiting = [firstSent, queue.first, ...aside].flatMap((shipment) => shipment?.position ?? []);
  return {
    lane,
    queued: queue.events,
    queuedBytes: queue.bytes,
    aside: sum(aside, ({ count }) => count),
    asideBytes: sum(aside, ({ bytes }) => bytes),
    oldestPosition: waiting.length === 0 ? null : Math.min(...waiting),
    unacked,
    unackedEvents,
    sentSequence,
    ackedSequence,
    receivedSequence: places.durable(peer, lane).sequence,
    credit,
    paused,
    waitedMs: Math.round(waitedMs),
  };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
