/** `weft ledger`: what became of every event. */

import type { CommandContext } from "../command.ts";
import { ExitCode } from "../exit_codes.ts";
import { toCountText } from "../humanize.ts";
import { createNodeApi } from "../node_api.ts";
import { printTable, printText, say } from "../output.ts";
import type { Column } from "../table.ts";

const TERMS = ["accepted", "delivered", "parked", "queued", "expired", "rejected", "evicted"] as const;
const ENDS = ["acknowledged", "filtered", "expired", "deadLettered", "evicted", "pending"] as const;

type Entry = { readonly destination: string; readonly balanced: boolean } & Record<typeof TERMS[number], number>;
type SubscriptionEntry =
  & { readonly subscription: string; readonly pendingAtMost?: boolean }
  & Record<typeof ENDS[number], number>;

const columns: readonly Column<Entry>[] = [
  { title: "DESTINATION", cell: ({ destination }) => destination },
  ...TERMS.map((term): Column<Entry> => ({
    title: term.toUpperCase(),
    cell: (entry) => toCountText(entry[term]),
    align: "right",
  })),
  { title: "BALANCED", cell: ({ balanced }) => balanced ? "yes" : "NO" },
];

const subscriptionColumns: readonly Column<SubscriptionEntry>[] = [
  { title: "SUBSCRIPTION", cell: ({ subscription }) => subscription },
  ...ENDS.map((term): Column<SubscriptionEntry> => ({
    title: term === "deadLettered" ? "DEAD-LETTERED" : term.toUpperCase(),
    cell: (entry) => `${term === "pending" && entry.pendingAtMost ? "≤" : ""}${toCountText(entry[term])}`,
    align: "right",
  })),
];

interface BestEffort {
  readonly sent: number;
  readonly forwarded: number;
  readonly arrived: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly destinations: readonly BestEffortEntry[];
}

interface BestEffortEntry {
  readonly destination: string;
  readonly sent: number;
  readonly dropped: Readonly<Record<string, number>>;
}

const bestEffortColumns: readonly Column<BestEffortEntry>[] = [
  { title: "BEST-EFFORT FOR", cell: ({ destination }) => destination },
  { title: "SENT", cell: ({ sent }) => toCountText(sent), align: "right" },
  { title: "DROPPED", cell: ({ dropped }) => toReasons(dropped) || null },
];

/** JSON: the node's answer. Exit code 1 where the equation fails. */
export async function showLedger(context: CommandContext): Promise<ExitCode> {
  const query = { recount: context.args.has("recount") ? "true" : undefined, limit: 1000 };
  const { text, body } = await createNodeApi(context).request("GET", "/v1/ledger", { query });
  const exitCode = body.balanced ? ExitCode.ok : ExitCode.failed;
  if (context.json) {
    await printText(context, text);
    return exitCode;
  }
  await printTable(context, body.entries as Entry[], { columns, empty: "no event was for another cluster yet" });
  const subscriptions = body.subscriptions as SubscriptionEntry[];
  if (subscriptions.length > 0) {
    await printText(context, "");
    await printTable(context, subscriptions, { columns: subscriptionColumns, empty: "" });
  }
  await printBestEffort(context, body.bestEffort as BestEffort | undefined);
  if (!body.balanced) await say(context, "the equation fails: keep this answer with --recount --json, and report it");
  return exitCode;
}

/** A node of an older version does not say it; where nothing is of the class there is nothing to say. */
async function printBestEffort(context: CommandContext, bestEffort: BestEffort | undefined): Promise<void> {
  if (bestEffort === undefined) return;
  const { forwarded, arrived, dropped, destinations } = bestEffort;
  if (destinations.length > 0) {
    await printText(context, "");
    await printTable(context, destinations, { columns: bestEffortColumns, empty: "" });
  }
  if (forwarded + arrived + Object.keys(dropped).length === 0) return;
  const counts = [`${toCountText(arrived)} arrived here`, `${toCountText(forwarded)} passed on`];
  const reasons = toReasons(dropped);
  await printText(
    context,
    `\nbest-effort: ${[...counts, reasons === "" ? "none dropped" : `dropped: ${reasons}`].join(", ")}`,
  );
}

function toReasons(dropped: Readonly<Record<string, number>>): string {
  return Object.entries(dropped).map(([reason, count]) => `${toCountText(count)} ${reason}`).join(", ");
}
