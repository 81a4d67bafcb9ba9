/** `weft subscription pull` and `ack`: events under a lease. */

import type { JsonEvent } from "../../client/mod.ts";
import type { CommandContext } from "../command.ts";
import { ExitCode } from "../exit_codes.ts";
import { renderEventLine, topicOf } from "../event_line.ts";
import { createNodeApi } from "../node_api.ts";
import { printJson, printText, say } from "../output.ts";
import { paintFor } from "../paint.ts";
import { toSubscriptionPath } from "../subscription_resource.ts";

interface PulledEvent {
  readonly ackId: string;
  readonly attempt: number;
  readonly event: JsonEvent;
}

interface Settled {
  readonly acknowledged: number;
  readonly nacked: number;
  readonly stale: readonly { readonly ackId: string; readonly detail: string }[];
}

/** JSON, a line for each event: `{"ackId","attempt","event"}`. */
export async function pullEvents(context: CommandContext): Promise<void> {
  const { args, terminal: { output } } = context;
  const id = args.required(0);
  const waitMs = args.number("wait") ?? 0;
  const api = createNodeApi(context);
  const body = { max: args.number("max"), waitMs };
  const answer = await api.request("POST", toSubscriptionPath(id, "/pull"), { body, waitMs });
  const events: readonly PulledEvent[] = answer.body.events;
  for (const pulled of events) {
    const { ackId, attempt, event } = pulled;
    if (context.json) await printJson(context, pulled);
    else {
      const line = renderEventLine({ topic: topicOf(event), event }, paintFor(output));
      await printText(context, `${line}${attempt > 1 ? ` (attempt ${attempt})` : ""}  ackId=${ackId}`);
    }
  }
  if (events.length === 0) return await say(context, "no events");
  if (!args.has("ack")) return;
  const ack = events.map(({ ackId }) => ackId);
  const { body: settled } = await api.request("POST", toSubscriptionPath(id, "/ack"), { body: { ack } });
  await saySettled(context, settled);
}

/** JSON: the node's answer. Fails when one of them had no effect. */
export async function acknowledgeEvents(context: CommandContext): Promise<ExitCode> {
  const { args } = context;
  const [id, ...ackIds] = args.operands;
  const body = args.has("nack") ? { nack: ackIds.map((ackId) => ({ ackId })) } : { ack: ackIds };
  const { text, body: settled } = await createNodeApi(context).request("POST", toSubscriptionPath(id, "/ack"), {
    body,
  });
  if (context.json) await printText(context, text);
  else await saySettled(context, settled);
  return settled.stale.length === 0 ? ExitCode.ok : ExitCode.failed;
}

async function saySettled(context: CommandContext, { acknowledged, nacked, stale }: Settled): Promise<void> {
  if (acknowledged > 0) await say(context, `${acknowledged} acknowledged`);
  if (nacked > 0) await say(context, `${nacked} given back`);
  for (const { ackId, detail } of stale) await say(context, `${ackId} is stale: ${detail}`);
}
