/** `weft sub`: prints events as they come. */

import { Buffer } from "node:buffer";

import type { JsonEvent, ReceivedEvent } from "../../client/mod.ts";
import type { CommandContext } from "../command.ts";
import { renderEventLine, topicOf } from "../event_line.ts";
import { ExitCode } from "../exit_codes.ts";
import { createNodeApi, type NodeApi, TimeoutError } from "../node_api.ts";
import { printText, say } from "../output.ts";
import { paintFor } from "../paint.ts";
import { parseJson } from "../parse_json.ts";

/** JSON, a line for each event: `{"cursor","event"}`. Ctrl-C is how it usually ends, so that is well. */
export async function subscribe(context: CommandContext): Promise<ExitCode> {
  const { args } = context;
  const pattern = args.required(0);
  const count = args.number("count") ?? Infinity;
  const api = createNodeApi(context, {
    onDisconnect: (reason) => void say(context, `connection lost (${reason}); trying again`),
  });
  // The client tries for ever; a node that was never there is an error.
  await api.request("GET", "/livez");
  const { signal, isLate } = createDeadline(context);
  let printed = 0;
  for await (const received of open(context, api, { pattern, signal })) {
    await print(context, received);
    if (++printed >= count) return ExitCode.ok;
  }
  if (!isLate() || count === Infinity) return ExitCode.ok;
  throw new TimeoutError(`Cannot wait any longer: ${printed} of ${count} events came within --timeout`);
}

function open(
  context: CommandContext,
  api: NodeApi,
  { pattern, signal }: { readonly pattern: string; readonly signal: AbortSignal },
): AsyncIterable<ReceivedEvent> {
  const { args } = context;
  let ready = false;
  return api.client.subscribe(pattern, {
    filter: args.text("filter"),
    group: args.text("group"),
    since: args.text("since"),
    signal,
    onReady: () => {
      void say(context, ready ? "connected again" : `subscribed to ${pattern} at ${api.url} (Ctrl-C ends)`);
      ready = true;
    },
    onGap: ({ from, to, reason }) => void say(context, `events are missing: from ${from} to ${to} (${reason})`),
  });
}

interface Deadline {
  readonly signal: AbortSignal;
  readonly isLate: () => boolean;
}

/** With `--timeout` the command ends by itself; it is an error only if a count was asked for. */
function createDeadline({ args, terminal }: CommandContext): Deadline {
  const timeoutMs = args.number("timeout");
  if (timeoutMs === undefined) return { signal: terminal.interrupted, isLate: () => false };
  const late = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([terminal.interrupted, late]);
  return { signal, isLate: () => late.aborted && !terminal.interrupted.aborted };
}

async function print(context: CommandContext, { cursor, text }: ReceivedEvent): Promise<void> {
  const { output } = context.terminal;
  if (context.json) return await printText(context, `{"cursor":${JSON.stringify(cursor)},"event":${text}}`);
  const event = parseJson(text) as JsonEvent;
  if (context.args.has("raw")) return await output.write(toRawLine(event));
  await output.write(`${renderEventLine({ topic: topicOf(event), event }, paintFor(output))}\n`);
}

/** The data as it is and a line's end. */
function toRawLine({ data, data_base64 }: JsonEvent): Uint8Array {
  if (data_base64 !== undefined) return Buffer.concat([Buffer.from(data_base64, "base64"), Buffer.from("\n")]);
  const text = data === undefined ? "" : typeof data === "string" ? data : JSON.stringify(data);
  return Buffer.from(`${text}\n`);
}
