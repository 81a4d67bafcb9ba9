/** `weft subscription pull` and `ack`: events under a lease. */

import type { JsonEvent } from "../../client/mod.ts";
import type { CommandContext } from "../command.ts";
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
  await api.request("POST", toSubscriptionPath(id, "/ack"), { body: { ack } });
  await say(context, `${ack.length} acknowledged`);
}

/** JSON: the node's answer. */
export async function acknowledgeEvents(context: CommandContext): Promise<void> {
  const { args } = context;
  const [id, ...ackIds] = args.operands;
  const body = args.has("nack") ? { nack: ackIds.map((ackId) => ({ ackId })) } : { ack: ackIds };
  const { text } = await createNodeApi(context).request("POST", toSubscriptionPath(id, "/ack"), { body });
  if (context.json) return await printText(context, text);
  await say(context, `${ackIds.length} ${args.has("nack") ? "given back" : "acknowledged"}`);
}
