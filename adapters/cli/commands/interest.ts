/** `weft interest`: what each cluster wants, as it told the mesh. */

import type { CommandContext } from "../command.ts";
import { CommandError, ExitCode } from "../exit_codes.ts";
import { toCountText } from "../humanize.ts";
import { createNodeApi } from "../node_api.ts";
import { printTable, printText, say } from "../output.ts";
import type { Column } from "../table.ts";

interface Interest {
  readonly cluster: string;
  readonly version: number;
  readonly told: number;
  readonly standsFor: number;
  readonly wants: readonly Want[];
  /** A node of an older version does not say it. */
  readonly conflicts?: readonly Conflict[];
}

interface Want {
  readonly pattern: string;
  readonly durable: boolean;
  readonly group?: string;
  readonly collapsed?: number;
  readonly filter?: Readonly<Record<string, unknown>>;
}

interface Conflict {
  readonly group: string;
  readonly pattern: string;
  readonly others: readonly { readonly pattern: string; readonly clusters: readonly string[] }[];
}

type Row = Want & { readonly cluster: string };

const columns: readonly Column<Row>[] = [
  { title: "CLUSTER", cell: ({ cluster }) => cluster },
  { title: "PATTERN", cell: ({ pattern }) => pattern },
  { title: "GROUP", cell: ({ group }) => group },
  { title: "DURABLE", cell: ({ durable }) => durable ? "yes" : "no" },
  { title: "STANDS FOR", cell: ({ collapsed }) => toCountText(collapsed ?? 1), align: "right" },
  { title: "FILTER", cell: ({ filter }) => filter === undefined ? null : JSON.stringify(filter) },
];

/** JSON: the node's answer, `{"interest":[…],"next",…}`. */
export async function listInterest(context: CommandContext): Promise<void> {
  const { args } = context;
  const only = args.operands[0];
  const query = { cluster: only, after: args.text("after"), limit: args.number("limit") };
  const { text, body } = await createNodeApi(context).request("GET", "/v1/interest", { query });
  const shown = body.interest as readonly Interest[];
  if (only !== undefined && shown.length === 0) throw unknown(only);
  if (context.json) return await printText(context, text);
  const rows = shown.flatMap(({ cluster, wants }) => wants.map((want): Row => ({ ...want, cluster })));
  const empty = `${only === undefined ? "nobody" : `nobody in "${only}"`} wants anything, as far as this node knows`;
  await printTable(context, rows, { columns, empty });
  for (const { cluster, conflicts = [] } of shown) {
    for (const conflict of conflicts) await printText(context, toSentence(cluster, conflict));
  }
  if (body.next !== null) await say(context, `there is more: --after ${body.next}`);
}

function toSentence(cluster: string, { group, pattern, others }: Conflict): string {
  const elsewhere = others.map(({ pattern, clusters }) => `"${pattern}" in ${clusters.join(", ")}`).join("; ");
  return `GROUP_CONFLICT: group "${group}" of "${cluster}" (topic "${pattern}") is defined otherwise elsewhere (topic ` +
    `${elsewhere}): each definition gets its own copy of the events; give one of them another name`;
}

function unknown(cluster: string): CommandError {
  const state = "no cluster of that name is known to this node; `weft clusters` lists those that are";
  return new CommandError(ExitCode.notFound, `Cannot show what "${cluster}" wants: ${state}`);
}
