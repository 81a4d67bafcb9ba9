/** `weft events`: browses the log. */

import type { JsonEvent } from "../../client/mod.ts";
import type { CommandContext } from "../command.ts";
import { renderEventLine } from "../event_line.ts";
import { CommandError, ExitCode, UsageError } from "../exit_codes.ts";
import { createNodeApi, type NodeApi } from "../node_api.ts";
import { printFields, printJson, printText, say } from "../output.ts";
import { paintFor } from "../paint.ts";

/** An entry of `GET /v1/events`. */
interface LogEntry {
  readonly position: number;
  readonly cursor: string;
  readonly topic: string;
  readonly acceptedAt: string;
  readonly receipt: { readonly cluster: string; readonly epoch: number; readonly sequence: number };
  readonly event: JsonEvent;
}

/** JSON: the node's answer, `{"events":[…],"next",…}`. */
export async function listEvents(context: CommandContext): Promise<void> {
  const { args, terminal: { output } } = context;
  const query = {
    topic: args.operands[0],
    filter: args.text("filter"),
    after: args.text("after"),
    limit: args.number("limit"),
  };
  const { text, body } = await createNodeApi(context).request("GET", "/v1/events", { query });
  if (context.json) return await printText(context, text);
  const entries: readonly LogEntry[] = body.events;
  const paint = paintFor(output);
  const width = String(entries.at(-1)?.position ?? "").length;
  for (const { position, topic, event, acceptedAt } of entries) {
    const line = renderEventLine({ topic, event, at: acceptedAt }, paint);
    await output.write(`${paint.cyan(String(position).padStart(width))} ${line}\n`);
  }
  if (entries.length === 0) await say(context, "no events");
  if (body.next !== null) await say(context, `there is more: --after ${entries.at(-1)?.position ?? body.next}`);
}

/** JSON: the entry. */
export async function showEvent(context: CommandContext): Promise<void> {
  const place = context.args.required(0);
  const position = Number(place);
  if (!/^\d{1,15}$/.test(place) || position === 0) {
    throw new UsageError(`Cannot show event "${place}": a position is a whole number from 1`, "events show");
  }
  const entry = await findEntry(createNodeApi(context), position);
  if (entry === undefined) {
    throw new CommandError(ExitCode.notFound, `Cannot show event "${place}": there is none at this position`);
  }
  await (context.json ? printJson(context, entry) : printEntry(context, entry));
}

/** The node's own events are in no pattern but their own. */
async function findEntry(api: NodeApi, position: number): Promise<LogEntry | undefined> {
  for (const topic of [">", "weft-system.>"]) {
    const { body } = await api.request("GET", "/v1/events", { query: { topic, after: position - 1, limit: 1 } });
    const [entry]: readonly LogEntry[] = body.events;
    if (entry?.position === position) return entry;
  }
}

async function printEntry(context: CommandContext, { topic, position, cursor, acceptedAt, receipt, event }: LogEntry) {
  const { data, data_base64, ...attributes } = event;
  const origin = `${receipt.cluster}, epoch ${receipt.epoch}, sequence ${receipt.sequence}`;
  const texts = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, String(value)]));
  await printFields(context, { position, topic, accepted: acceptedAt, origin, cursor });
  await printText(context, "");
  await printFields(context, texts);
  if (data !== undefined) await printText(context, `\n${JSON.stringify(data, null, 2)}`);
  if (data_base64 !== undefined) await printText(context, `\n(base64) ${data_base64}`);
}
