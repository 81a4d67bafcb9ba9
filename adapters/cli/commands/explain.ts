/** `weft explain`: who would get an event, and what stops it. */

import type { CommandContext } from "../command.ts";
import { parseAttributes } from "../event_draft.ts";
import { createNodeApi } from "../node_api.ts";
import { printTable, printText } from "../output.ts";

interface Destination {
  readonly cluster: string;
  readonly path: readonly string[];
  readonly cost: number | null;
  /** A node of an older version does not say it. */
  readonly class?: string | null;
  readonly state: string;
  readonly reason: string;
  readonly subscriptions: readonly {
    readonly id: string | null;
    readonly group: string | null;
    readonly match: boolean | null;
  }[];
  /** A node of an older version does not say it. */
  readonly streams?: number | null;
}

interface Stop {
  readonly where: string;
  readonly subscription: string | null;
  readonly reason: string;
  readonly detail: string;
}

interface Warning {
  readonly reason: string;
  readonly detail: string;
}

/** Reasons with which an event goes to somebody there, at once or later; with others nobody gets it. */
const GETS_IT = ["OK", "PARKED", "BACK_PRESSURE", "NOT_SYNCED", "NO_ROOM"];

/** Reasons of subscriptions that have an event and keep it for later. */
const KEEPS_IT = ["PAUSED", "SINK_FAILING", "WAITS_FOR_GAP"];

const toDestinationColumns = (stopped: readonly Stop[]) =>
  [
    { title: "GOES TO", cell: ({ cluster }: Destination) => cluster },
    { title: "PATH", cell: ({ path }: Destination) => path.join(" > ") || null },
    { title: "COST", cell: ({ cost }: Destination) => cost, align: "right" },
    {
      title: "STATE",
      cell: (destination: Destination) =>
        destination.class === "best-effort" ? `best-effort, ${destination.state}` : destination.state,
    },
    { title: "REASON", cell: ({ reason }: Destination) => reason },
    {
      title: "SUBSCRIPTIONS",
      cell: (destination: Destination) => toReceiversText(destination, stopped),
    },
  ] as const;

const stopColumns = [
  { title: "STOPPED AT", cell: ({ where }: Stop) => where },
  { title: "SUBSCRIPTION", cell: ({ subscription }: Stop) => subscription },
  { title: "REASON", cell: ({ reason }: Stop) => reason },
  { title: "WHY", cell: ({ detail }: Stop) => detail },
] as const;

/** JSON: the node's answer, `{"topic","destinations":[…],"stopped":[…],…}`. */
export async function explain(context: CommandContext): Promise<void> {
  const { args } = context;
  const named = ["source", "type", "subject"].map((name) => [name, args.text(name)] as const);
  const query = { topic: args.required(0), ...Object.fromEntries(named), ...parseAttributes(args.texts("attr")) };
  const { text, body } = await createNodeApi(context).request("GET", "/v1/explain", { query });
  if (context.json) return await printText(context, text);
  const destinations: readonly Destination[] = body.destinations;
  const stopped: readonly Stop[] = body.stopped;
  await printTable(context, destinations, {
    columns: toDestinationColumns(stopped),
    empty: `${body.topic} goes nowhere`,
  });
  if (destinations.length > 0 && stopped.length > 0) await printText(context, "");
  if (stopped.length > 0) await printTable(context, stopped, { columns: stopColumns, empty: "" });
  // A node of an older version tells none.
  const warnings: readonly Warning[] = body.warnings ?? [];
  if (warnings.length > 0) await printText(context, "");
  for (const { reason, detail } of warnings) await printText(context, `${reason}: ${detail}`);
}

/**
 * Who gets it there. Streams have no names; where nobody counts them they are what is left where an event goes and nobody else explains why; a link
 * that waits goes first in `reason`, so that a subscription which keeps the event shows in `stopped` only.
 */
export function toReceiversText(
  { cluster, subscriptions, reason, streams = null }: Pick<
    Destination,
    "cluster" | "subscriptions" | "reason" | "streams"
  >,
  stopped: readonly Pick<Stop, "where" | "reason">[],
): string | null {
  if (subscriptions.length > 0 || streams) {
    const counted = streams ? [`${streams} ${streams === 1 ? "stream" : "streams"}`] : [];
    return [...subscriptions.map(toName), ...counted].join(", ");
  }
  if (reason === "OK") return "streams";
  const isKept = stopped.some((stop) => stop.where === cluster && KEEPS_IT.includes(stop.reason));
  return GETS_IT.includes(reason) && !isKept ? "streams" : null;
}

/** A cluster that was asked for its subscriptions and did not answer leaves them open. */
function toName({ id, group }: Destination["subscriptions"][number]): string {
  return id ?? (group === null ? "?" : `group ${group} (?)`);
}
