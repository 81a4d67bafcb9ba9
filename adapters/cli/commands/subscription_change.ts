/** `weft subscription rm`, `pause`, `resume` and `seek`. */

import type { CommandContext } from "../command.ts";
import { createNodeApi } from "../node_api.ts";
import { printJson, printText, say } from "../output.ts";
import { toSince, toSubscriptionPath } from "../subscription_resource.ts";

/** JSON: `{"deleted":[ids]}`. */
export async function removeSubscriptions(context: CommandContext): Promise<void> {
  const api = createNodeApi(context);
  const ids = context.args.operands;
  for (const id of ids) {
    await api.request("DELETE", toSubscriptionPath(id));
    if (!context.json) await say(context, `deleted ${id}`);
  }
  if (context.json) await printJson(context, { deleted: ids });
}

/** JSON: the resource. */
export async function pauseSubscription(context: CommandContext): Promise<void> {
  await change(context, {
    method: "PATCH",
    body: { paused: true },
    done: "paused: it keeps its events, and delivers none",
  });
}

/** JSON: the resource. */
export async function resumeSubscription(context: CommandContext): Promise<void> {
  await change(context, { method: "PATCH", body: { paused: false }, done: "resumed" });
}

/** JSON: the resource. */
export async function seekSubscription(context: CommandContext): Promise<void> {
  const since = toSince(context.args.required(1));
  await change(context, { method: "POST", action: "/seek", body: { since }, done: `goes on from ${since}` });
}

interface Change {
  readonly method: string;
  readonly action?: string;
  readonly body: unknown;
  readonly done: string;
}

async function change(context: CommandContext, { method, action, body, done }: Change): Promise<void> {
  const id = context.args.required(0);
  const { text } = await createNodeApi(context).request(method, toSubscriptionPath(id, action), { body });
  await (context.json ? printText(context, text) : say(context, `${id} ${done}`));
}
