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
type SubscriptionEntry = { readonly subscription: string } & Record<typeof ENDS[number], number>;

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
    cell: (entry) => toCountText(entry[term]),
    align: "right",
  })),
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
  if (!body.balanced) await say(context, "the equation fails: keep this answer with --recount --json, and report it");
  return exitCode;
}
