/** `weft pub`: publishes an event, or many alike. */

import type { CommandContext } from "../command.ts";
import { type EventDraft, parseAttributes, parseHeaders, SOURCE_DEFAULT, toStructuredText } from "../event_draft.ts";
import { UsageError } from "../exit_codes.ts";
import { toCountText } from "../humanize.ts";
import { createNodeApi, type NodeApi } from "../node_api.ts";
import { printJson, printText, say } from "../output.ts";
import { createProgress } from "../progress.ts";
import { readInput } from "../read_input.ts";

/** Requests at a time: they share the node's commits. */
const CONCURRENCY = 16;

interface Accepted {
  readonly topic: string;
  readonly id: string;
  readonly cluster: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly position: number;
  readonly duplicate?: true;
}

/** JSON, a line for each event: `{"topic","id",…receipt}`. */
export async function publish(context: CommandContext): Promise<void> {
  const { args, terminal: { output } } = context;
  const count = args.number("count") ?? 1;
  const headers = parseHeaders(args.texts("header"), "pub");
  const draft = await readDraft(context);
  const api = createNodeApi(context);
  const path = `/v1/topics/${encodeURIComponent(draft.topic)}`;
  const send = async (number: number) => {
    const id = count === 1 ? draft.id : `${draft.id}-${number}`;
    await print(context, await sendOne(api, path, { ...draft, id }, headers), count);
  };
  // A bar and lines on one terminal would overwrite each other.
  using progress = createProgress(context, "publishing", toCountText);
  const onDone = (done: number) => count > 1 && !(context.json && output.isTerminal) && progress.update(done, count);
  await inParallel(count, send, onDone);
  if (count > 1 && !context.json) await say(context, `${toCountText(count)} accepted`);
}

async function readDraft(context: CommandContext): Promise<EventDraft> {
  const { args } = context;
  const topic = args.required(0);
  return {
    topic,
    id: args.text("id") ?? crypto.randomUUID(),
    source: args.text("source") ?? SOURCE_DEFAULT,
    type: args.text("type") ?? topic,
    attributes: {
      ...args.has("subject") ? { subject: args.text("subject")! } : {},
      ...parseAttributes(args.texts("attr")),
    },
    data: await readData(context),
    contentType: args.text("content-type"),
  };
}

async function readData({ args, terminal }: CommandContext): Promise<Uint8Array | undefined> {
  const [, inline] = args.operands;
  const file = args.text("file");
  if (inline !== undefined && file !== undefined) {
    throw new UsageError('Cannot run "weft pub": DATA and --file both name the data; leave one out', "pub");
  }
  if (file !== undefined) return await readInput(terminal, file);
  if (inline === "-") return await readInput(terminal, "-");
  return inline === undefined ? undefined : new TextEncoder().encode(inline);
}

async function sendOne(
  api: NodeApi,
  path: string,
  draft: EventDraft,
  headers: Readonly<Record<string, string>>,
): Promise<Accepted> {
  const body = toStructuredText(draft);
  const all = { ...headers, "content-type": "application/cloudevents+json; charset=utf-8" };
  // The id is ours, so a request that is repeated is recognised.
  const answer = await api.request("POST", path, { body, headers: all });
  return { topic: draft.topic, id: draft.id, ...answer.body };
}

async function print(context: CommandContext, accepted: Accepted, count: number): Promise<void> {
  if (context.json) return await printJson(context, accepted);
  if (count > 1 || context.quiet) return;
  const { topic, id, cluster, sequence, position, duplicate } = accepted;
  const what = duplicate ? "already accepted" : "accepted";
  await printText(context, `${what} ${topic} id=${id} position=${position} (${cluster} ${sequence})`);
}

/** Calls `act` with 1 to `count`. The first failure ends it. */
async function inParallel(
  count: number,
  act: (number: number) => Promise<void>,
  onDone: (done: number) => unknown,
): Promise<void> {
  let next = 1;
  let done = 0;
  const work = async () => {
    while (next <= count) {
      await act(next++);
      onDone(++done);
    }
  };
  const workers = Array.from({ length: Math.min(CONCURRENCY, count) }, work);
  await Promise.all(workers).finally(() => next = count + 1);
}
