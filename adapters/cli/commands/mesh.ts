/** `weft clusters`, `weft peers`, `weft links`, `weft forget`: the mesh as the node knows it. */

import type { CommandContext } from "../command.ts";
import { toCountText, toDurationText, toSizeText } from "../humanize.ts";
import { createNodeApi } from "../node_api.ts";
import { printTable, printText, say } from "../output.ts";
import type { Column } from "../table.ts";

interface Cluster {
  readonly cluster: string;
  readonly reachable: boolean;
  readonly path: readonly string[];
  readonly cost: number | null;
  readonly alternate: string | null;
  readonly interestVersion: number;
  readonly lastSeenMs: number | null;
  /** A node of an older version does not say these. */
  readonly why?: string | null;
  readonly parked?: Parked | null;
}

interface Parked {
  readonly events: number;
  readonly ofOthers: number;
  readonly bytes: number;
  readonly oldestAgeMs: number;
  readonly since: string;
  readonly reasons: readonly { readonly reason: string; readonly events: number }[];
}

interface Peer {
  readonly id: string;
  readonly cluster: string;
  readonly state: string;
  readonly runtime: string;
  readonly version: string;
  readonly address: string | null;
  readonly since: string | null;
}

interface Link {
  readonly peer: string | null;
  readonly url: string | null;
  readonly state: string;
  readonly direction: string | null;
  readonly rttMs: number | null;
  readonly cost: number | null;
  readonly tags?: readonly string[];
  readonly lanes: readonly Lane[];
  readonly since: string | null;
  readonly lastError: string | null;
  /** A node of an older version does not say these. */
  readonly lastErrorAt?: string | null;
  readonly dialState?: string | null;
  readonly dialAttempts?: number | null;
  readonly nextDialInMs?: number | null;
}

interface Lane {
  readonly queued: number;
  readonly queuedBytes: number;
  readonly oldestAgeMs: number;
  readonly unackedEvents: number;
}

const clusterColumns: readonly Column<Cluster>[] = [
  { title: "CLUSTER", cell: ({ cluster }) => cluster },
  { title: "REACHABLE", cell: ({ reachable }) => reachable ? "yes" : "no" },
  { title: "PATH", cell: ({ path }) => path.join(" > ") || null },
  { title: "COST", cell: ({ cost }) => cost, align: "right" },
  { title: "ALTERNATE", cell: ({ alternate }) => alternate },
  {
    title: "INTEREST",
    cell: ({ interestVersion }) => interestVersion === 0 ? null : `v${interestVersion}`,
    align: "right",
  },
  {
    title: "SEEN",
    cell: ({ lastSeenMs }) => lastSeenMs === null ? "never" : lastSeenMs < 1 ? "now" : toDurationText(lastSeenMs),
    align: "right",
  },
  { title: "PARKED", cell: ({ parked }) => parked ? toCountText(parked.events) : null, align: "right" },
  { title: "OLDEST", cell: ({ parked }) => parked ? toDurationText(parked.oldestAgeMs) : null, align: "right" },
  { title: "WHY", cell: toWhyText },
];

const peerColumns: readonly Column<Peer>[] = [
  { title: "NODE", cell: ({ id }) => id },
  { title: "CLUSTER", cell: ({ cluster }) => cluster },
  { title: "STATE", cell: ({ state }) => state },
  { title: "RUNTIME", cell: ({ runtime }) => runtime },
  { title: "VERSION", cell: ({ version }) => version },
  { title: "ADDRESS", cell: ({ address }) => address },
  { title: "SINCE", cell: ({ since }) => since },
];

const linkColumns: readonly Column<Link>[] = [
  { title: "PEER", cell: ({ peer }) => peer },
  { title: "STATE", cell: ({ state }) => state },
  { title: "DIRECTION", cell: ({ direction }) => direction },
  { title: "RTT", cell: ({ rttMs }) => rttMs === null ? null : toDurationText(rttMs), align: "right" },
  { title: "COST", cell: ({ cost }) => cost, align: "right" },
  { title: "TAGS", cell: ({ tags }) => tags?.join(" ") || null },
  { title: "QUEUED", cell: ({ lanes }) => toCountText(sum(lanes, ({ queued }) => queued)), align: "right" },
  { title: "BYTES", cell: ({ lanes }) => toSizeText(sum(lanes, ({ queuedBytes }) => queuedBytes)), align: "right" },
  { title: "UNACKED", cell: ({ lanes }) => toCountText(sum(lanes, (lane) => lane.unackedEvents)), align: "right" },
  { title: "OLDEST", cell: ({ lanes }) => toAgeText(lanes), align: "right" },
  { title: "NEXT DIAL", cell: toDialText },
  { title: "URL", cell: ({ url }) => url },
  { title: "LAST ERROR", cell: toErrorText },
];

/** JSON: the node's answer, `{"clusters":[…],"next",…}`. */
export async function listClusters(context: CommandContext): Promise<void> {
  await list(context, "clusters", { columns: clusterColumns, empty: "no clusters: the node is in no mesh" });
}

/** JSON: the node's answer, `{"peers":[…],"next",…}`. */
export async function listPeers(context: CommandContext): Promise<void> {
  await list(context, "peers", { columns: peerColumns, empty: "no nodes known" });
}

/** JSON: the node's answer, `{"links":[…],"next",…}`. */
export async function listLinks(context: CommandContext): Promise<void> {
  await list(context, "links", {
    columns: linkColumns,
    empty: "no links: give nodes to --join, or let others join here",
  });
}

/** JSON: the node's answer, `{"forgot","evicted",…}`. */
export async function forgetCluster(context: CommandContext): Promise<void> {
  const cluster = context.args.required(0);
  const path = `/v1/clusters/${encodeURIComponent(cluster)}`;
  const { text, body } = await createNodeApi(context).request("DELETE", path);
  if (context.json) return await printText(context, text);
  await say(context, `forgot "${cluster}"; ${toCountText(body.evicted)} events that were owed to it are given up`);
}

async function list<Row>(
  context: CommandContext,
  plural: string,
  table: { readonly columns: readonly Column<Row>[]; readonly empty: string },
): Promise<void> {
  const query = { after: context.args.text("after"), limit: context.args.number("limit") };
  const { text, body } = await createNodeApi(context).request("GET", `/v1/${plural}`, { query });
  if (context.json) return await printText(context, text);
  await printTable(context, body[plural] as Row[], table);
  if (body.next !== null) await say(context, `there is more: --after ${body.next}`);
}

/** Why it cannot be reached, and what that holds up. */
function toWhyText({ why, parked }: Cluster): string | null {
  const texts = [why ?? [], parked ? `parked: ${toParkedText(parked)}` : []].flat();
  return texts.length === 0 ? null : texts.join("; ");
}

/** `NO_PATH since …, 1.2 MiB, 3 of other clusters`. */
function toParkedText({ reasons, since, bytes, ofOthers }: Parked): string {
  const why = reasons.map(({ reason, events }) => reasons.length === 1 ? reason : `${reason} ${toCountText(events)}`);
  const others = ofOthers === 0 ? "" : `, ${toCountText(ofOthers)} of other clusters`;
  return `${why.join(", ")} since ${since}, ${toSizeText(bytes)}${others}`;
}

/** Of a link that is up it is over, perhaps long ago. */
function toErrorText({ state, lastError, lastErrorAt }: Link): string | null {
  return state === "up" && lastError !== null && lastErrorAt ? `at ${lastErrorAt}: ${lastError}` : lastError;
}

/** Of a link that is not up: who dials, and when. */
function toDialText({ state, peer, dialState, dialAttempts = null, nextDialInMs = null }: Link): string | null {
  if (state === "up") return null;
  if (dialState === "open") return "connected, unheard";
  if (dialAttempts === null) return peer === null ? null : "by the peer";
  const when = nextDialInMs === null ? "now" : `in ${toDurationText(nextDialInMs)}`;
  return `${when} (${toCountText(dialAttempts)} tried)`;
}

function toAgeText(lanes: readonly Lane[]): string | null {
  const oldest = Math.max(0, ...lanes.map(({ oldestAgeMs }) => oldestAgeMs));
  return oldest === 0 ? null : toDurationText(oldest);
}

function sum(lanes: readonly Lane[], of: (lane: Lane) => number): number {
  return lanes.reduce((total, lane) => total + of(lane), 0);
}
