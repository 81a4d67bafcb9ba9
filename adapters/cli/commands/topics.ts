/** `weft topics`. */

import type { CommandContext } from "../command.ts";
import { toCountText } from "../humanize.ts";
import { createNodeApi } from "../node_api.ts";
import { printTable, printText, say } from "../output.ts";

interface TopicEntry {
  readonly topic: string;
  readonly events: number;
  readonly ratePerSecond: number;
  readonly lastAt: string;
}

const columns = [
  { title: "TOPIC", cell: ({ topic }: TopicEntry) => topic },
  { title: "EVENTS", cell: ({ events }: TopicEntry) => toCountText(events), align: "right" },
  { title: "PER SECOND", cell: ({ ratePerSecond }: TopicEntry) => ratePerSecond.toFixed(1), align: "right" },
  { title: "LAST", cell: ({ lastAt }: TopicEntry) => lastAt },
] as const;

/** JSON: the node's answer, `{"topics":[…],"next",…}`. */
export async function listTopics(context: CommandContext): Promise<void> {
  const query = { after: context.args.text("after"), limit: context.args.number("limit") };
  const { text, body } = await createNodeApi(context).request("GET", "/v1/topics", { query });
  if (context.json) return await printText(context, text);
  await printTable(context, body.topics as TopicEntry[], { columns, empty: "no topics since the node started" });
  if (body.next !== null) await say(context, `there is more: --after ${body.next}`);
}
