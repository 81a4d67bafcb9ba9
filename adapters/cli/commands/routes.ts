/** `weft routes`: the routing table, once or with its changes. */

import { readServerSentEvents } from "../../client/mod.ts";
import type { CommandContext } from "../command.ts";
import { UsageError } from "../exit_codes.ts";
import { toDurationText } from "../humanize.ts";
import { createNodeApi, type NodeApi } from "../node_api.ts";
import { printTable, printText, say } from "../output.ts";

interface Route {
  readonly pattern: string;
  readonly destination: string;
  readonly nextHop: string | null;
  readonly path: readonly string[];
  readonly cost: number | null;
  readonly state: string;
  readonly ageMs: number;
  readonly reason: string;
}

/** What `?watch` tells: first all as `routes`, then what came and went. `more`: this was a part of it. */
interface RouteChange {
  readonly more?: boolean;
  readonly routes?: readonly Route[];
  readonly added?: readonly Route[];
  readonly removed?: readonly Route[];
}

const columns = [
  { title: "PATTERN", cell: ({ pattern }: Route) => pattern },
  { title: "DESTINATION", cell: ({ destination }: Route) => destination },
  { title: "NEXT HOP", cell: ({ nextHop }: Route) => nextHop },
  { title: "PATH", cell: ({ path }: Route) => path.join(" > ") || null },
  { title: "COST", cell: ({ cost }: Route) => cost, align: "right" },
  { title: "STATE", cell: ({ state }: Route) => state },
  { title: "AGE", cell: ({ ageMs }: Route) => toDurationText(ageMs), align: "right" },
  { title: "REASON", cell: ({ reason }: Route) => reason },
] as const;

/** JSON: the node's answer, `{"version","routes":[…],…}`; with `--watch` a line for the table and one for each change. */
export async function showRoutes(context: CommandContext): Promise<void> {
  const { args } = context;
  const query = { topic: args.text("topic"), destination: args.text("destination") };
  const api = createNodeApi(context);
  if (args.has("dot") && (args.has("watch") || context.json)) {
    throw new UsageError('Cannot run "weft routes": --dot goes neither with --watch nor with --json', "routes");
  }
  if (args.has("watch")) return await watch(context, api, query);
  if (args.has("dot")) {
    return await printText(context, (await api.request("GET", "/routes", { query: { ...query, format: "dot" } })).text);
  }
  const page = { after: args.text("after"), limit: args.number("limit") ?? 1000 };
  const { text, body } = await api.request("GET", "/routes", { query: { ...query, ...page } });
  if (context.json) return await printText(context, text);
  await printTable(context, body.routes as Route[], { columns, empty: emptyText(query) });
  if (body.next !== null) await say(context, `there is more: --after '${body.next}'`);
}

function emptyText({ topic, destination }: { readonly topic?: string; readonly destination?: string }): string {
  if (topic === undefined && destination === undefined) return "no routes: nobody subscribes to anything";
  const wanted = [topic && `topic "${topic}"`, destination && `cluster "${destination}"`].filter(Boolean).join(" and ");
  return `no routes for ${wanted}: nobody there wants it, as far as this node knows; ` +
    "`weft why-not TOPIC CLUSTER` asks the cluster itself";
}

async function watch(context: CommandContext, api: NodeApi, query: Record<string, string | undefined>): Promise<void> {
  const headers = { accept: "text/event-stream" };
  const body = await api.open("/routes", { query: { ...query, watch: "true" }, headers });
  try {
    for await (const { data } of readServerSentEvents(body)) {
      await (context.json ? printText(context, data) : printChange(context, JSON.parse(data)));
    }
  } catch (error) {
    if (!context.terminal.interrupted.aborted) throw error;
  }
}

async function printChange(context: CommandContext, change: RouteChange): Promise<void> {
  if (change.routes !== undefined) {
    await printTable(context, change.routes, { columns, empty: "no routes yet" });
    return change.more ? undefined : await say(context, "watching (Ctrl-C ends)");
  }
  for (const [sign, routes] of [["+", change.added], ["-", change.removed]] as const) {
    for (const { pattern, destination, state } of routes ?? []) {
      await printText(context, `${sign} ${pattern}  ${destination}  ${state}`);
    }
  }
}
