/** `weft trace`: what happened to an event, hop by hop and subscription by subscription. */

import type { CommandContext } from "../command.ts";
import { SOURCE_DEFAULT } from "../event_draft.ts";
import { CommandError, ExitCode } from "../exit_codes.ts";
import { createNodeApi } from "../node_api.ts";
import { printFields, printTable, printText, say } from "../output.ts";
import type { Column } from "../table.ts";

interface Hop {
  readonly cluster: string;
  readonly node: string;
  readonly from: string | null;
  readonly to: readonly string[];
  readonly at: string | null;
  /** A node of an older version does not say these. */
  readonly attempts?: number;
  readonly waits?: readonly Reason[];
  readonly dropped?: readonly Reason[];
}

interface Reason {
  readonly cluster: string;
  readonly reason: string;
}

interface Destination {
  readonly cluster: string;
  readonly state: string;
  readonly reason: string;
}

interface Delivery {
  readonly cluster: string;
  readonly subscription: string;
  readonly attempt: number;
  readonly at: string | null;
  readonly outcome: string;
  readonly detail: string;
}

interface Copy {
  readonly origin: { readonly cluster: string; readonly epoch: number; readonly sequence: number; readonly at: string };
  readonly hops: readonly Hop[];
  readonly destinations: readonly Destination[];
  readonly deliveries: readonly Delivery[];
  readonly dispatched: boolean;
  readonly missing: readonly string[];
}

/** States of events whose origin is told nothing of them. */
const WITHOUT_CUSTODY = ["sent", "dropped"];

const hopColumns: readonly Column<Hop>[] = [
  { title: "AT", cell: ({ cluster }) => cluster },
  { title: "NODE", cell: ({ node }) => node },
  { title: "FROM", cell: ({ from }) => from },
  { title: "TO", cell: ({ to }) => to.join(", ") || null },
  { title: "CAME", cell: ({ attempts = 0 }) => attempts === 0 ? null : `${attempts}×`, align: "right" },
  { title: "WHEN", cell: ({ at }) => at },
  {
    title: "WAITS FOR",
    cell: ({ waits = [] }) => toReasons(waits),
  },
];

/** Of events that are not in custody. */
const droppedColumn: Column<Hop> = { title: "DROPPED FOR", cell: ({ dropped = [] }) => toReasons(dropped) };

const destinationColumns: readonly Column<Destination>[] = [
  { title: "DESTINATION", cell: ({ cluster }) => cluster },
  { title: "STATE", cell: ({ state }) => WITHOUT_CUSTODY.includes(state) ? `best-effort: ${state}` : state },
  { title: "REASON", cell: ({ reason }) => reason },
];

const deliveryColumns: readonly Column<Delivery>[] = [
  { title: "CLUSTER", cell: ({ cluster }) => cluster },
  { title: "SUBSCRIPTION", cell: ({ subscription }) => subscription },
  { title: "ATTEMPT", cell: ({ attempt }) => attempt, align: "right" },
  { title: "OUTCOME", cell: ({ outcome }) => outcome },
  { title: "WHEN", cell: ({ at }) => at },
  { title: "DETAIL", cell: ({ detail }) => detail },
];

/** JSON: the node's answer, `{"source","id","origin","hops":[…],"deliveries":[…],"destinations":[…],…}`. */
export async function traceEvent(context: CommandContext): Promise<void> {
  const source = context.args.text("source");
  const query = { id: context.args.required(0), source: source ?? SOURCE_DEFAULT };
  // What is not there is said by the node, unless the source was only guessed here.
  const expect = source === undefined ? [404] : [];
  const { status, text, body } = await createNodeApi(context).request("GET", "/v1/trace", { query, expect });
  if (status === 404) throw notFound(query.id);
  if (context.json) return await printText(context, text);
  await printCopy(context, body as Copy);
  for (const copy of body.copies as readonly Copy[]) {
    await printText(context, "\nthe same id, published once more:");
    await printCopy(context, copy);
  }
}

function toReasons(reasons: readonly Reason[]): string | null {
  return reasons.map(({ cluster, reason }) => `${cluster}: ${reason}`).join(", ") || null;
}

function notFound(id: string): CommandError {
  const message =
    `Cannot trace event "${id}" of source "${SOURCE_DEFAULT}", which is meant unless another is named: no cluster ` +
    "that can be reached has it; name the source that it was published with: --source SOURCE";
  return new CommandError(ExitCode.notFound, message);
}

async function printCopy(context: CommandContext, copy: Copy): Promise<void> {
  const { origin: { cluster, epoch, sequence, at }, hops, destinations, deliveries, dispatched, missing } = copy;
  await printFields(context, { published: at, origin: `${cluster}, epoch ${epoch}, sequence ${sequence}` });
  if (!dispatched) await say(context, `"${cluster}" has yet to find its destinations`);
  const isDropped = hops.some(({ dropped = [] }) => dropped.length > 0);
  const tables = [
    () => printTable(context, hops, { columns: isDropped ? [...hopColumns, droppedColumn] : hopColumns, empty: "" }),
    () => printTable(context, destinations, { columns: destinationColumns, empty: "" }),
    () => printTable(context, deliveries, { columns: deliveryColumns, empty: "" }),
  ];
  for (const [i, rows] of [hops, destinations, deliveries].entries()) {
    if (rows.length === 0) continue;
    await printText(context, "");
    await tables[i]();
  }
  if (destinations.length === 0 && dispatched) await say(context, "it was for no other cluster");
  const isThere = missing.length === 0 && destinations.every(({ state }) => state === "delivered");
  if (deliveries.length === 0 && isThere) await say(context, "no subscription wanted it");
  if (missing.length > 0) await say(context, `no answer from ${missing.join(", ")}`);
}
