/** `weft subscription ls` and `show`. */

import type { CommandContext } from "../command.ts";
import { toDurationText } from "../humanize.ts";
import { createNodeApi } from "../node_api.ts";
import { printFields, printTable, printText, say } from "../output.ts";
import { type SubscriptionResource, toSubscriptionPath } from "../subscription_resource.ts";

const columns = [
  { title: "ID", cell: ({ id }: SubscriptionResource) => id },
  { title: "TOPIC", cell: ({ config }: SubscriptionResource) => config.topic },
  { title: "GROUP", cell: ({ config }: SubscriptionResource) => config.group },
  { title: "STATE", cell: ({ status }: SubscriptionResource) => status.state },
  { title: "LAG", cell: ({ status }: SubscriptionResource) => toLagText(status), align: "right" },
  { title: "DELIVERED", cell: ({ status }: SubscriptionResource) => status.delivered, align: "right" },
  { title: "FAILED", cell: ({ status }: SubscriptionResource) => status.failed, align: "right" },
  { title: "DEAD", cell: ({ status }: SubscriptionResource) => status.deadLettered, align: "right" },
  { title: "SINK", cell: ({ sink, protocol }: SubscriptionResource) => sink ?? `(${protocol.toLowerCase()})` },
] as const;

/** Shown where there are several. */
const place = { title: "CLUSTER", cell: ({ cluster }: SubscriptionResource) => cluster };

/** JSON: the node's answer, `{"subscriptions":[…],"next",…}`. */
export async function listSubscriptions(context: CommandContext): Promise<void> {
  const { args } = context;
  const scope = args.has("mesh") ? "mesh" : undefined;
  const query = { after: args.text("after"), limit: args.number("limit"), scope };
  const { text, body } = await createNodeApi(context).request("GET", "/v1/subscriptions", { query });
  if (context.json) return await printText(context, text);
  await printTable(context, body.subscriptions as SubscriptionResource[], {
    columns: scope === undefined ? columns : [place, ...columns],
    empty: "no subscriptions",
  });
  const missing: readonly string[] = body.missing ?? [];
  if (missing.length > 0) await say(context, `no answer from ${missing.join(", ")}`);
  if (body.next !== null) await say(context, `there is more: --after ${body.next}`);
}

/** JSON: the resource. */
export async function showSubscription(context: CommandContext): Promise<void> {
  const path = toSubscriptionPath(context.args.required(0));
  const { text, body } = await createNodeApi(context).request("GET", path);
  if (context.json) return await printText(context, text);
  await printSubscription(context, body);
}

export async function printSubscription(context: CommandContext, resource: SubscriptionResource): Promise<void> {
  const { id, config, status, types, source, filters, sink, protocol } = resource;
  const { oldestAgeMs, lastError, cursor, state, waitsFor, lag, lagAtMost, ...counts } = status;
  await printFields(context, {
    id,
    state,
    topic: config.topic,
    types: types?.join(", "),
    source,
    filters: filters === undefined ? undefined : JSON.stringify(filters),
    group: config.group,
    sink: sink ?? `none: events are pulled (${protocol})`,
    settings: JSON.stringify(config),
    cursor,
    oldest: oldestAgeMs === 0 ? undefined : toDurationText(oldestAgeMs),
    lag: toLagText({ lag, lagAtMost }),
    ...counts,
    "waits for": waitsFor ? toGapText(waitsFor) : undefined,
    "last error": lastError,
  });
}

/** `≤` where more wait than the node has looked at. */
function toLagText({ lag, lagAtMost }: Pick<SubscriptionResource["status"], "lag" | "lagAtMost">): string {
  return lagAtMost ? `≤${lag}` : String(lag);
}

function toGapText({ origin, epoch, from, to }: NonNullable<SubscriptionResource["status"]["waitsFor"]>): string {
  return from === 0
    ? `the word of ${origin} on what is older than its epoch ${epoch}`
    : `${from} to ${to} of ${origin}`;
}
