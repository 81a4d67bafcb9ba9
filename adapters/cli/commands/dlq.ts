/** `weft dlq`: dead letters. */

import type { JsonEvent } from "../../client/mod.ts";
import type { CommandContext } from "../command.ts";
import { renderEventLine } from "../event_line.ts";
import { UsageError } from "../exit_codes.ts";
import { createNodeApi } from "../node_api.ts";
import { printFields, printJson, printTable, printText, say } from "../output.ts";
import { paintFor } from "../paint.ts";
import { redriveInSteps } from "../redrive_in_steps.ts";

interface DeadLetter {
  readonly id: string;
  readonly subscription: string;
  readonly reason: string;
  readonly detail: string;
  readonly attempts: number;
  readonly topic: string;
  readonly position: number;
  readonly at: string;
  readonly lastResponse: { readonly status: number; readonly body: string } | null;
  readonly event: JsonEvent;
}

const columns = [
  { title: "ID", cell: ({ id }: DeadLetter) => id },
  { title: "SUBSCRIPTION", cell: ({ subscription }: DeadLetter) => subscription },
  { title: "TOPIC", cell: ({ topic }: DeadLetter) => topic },
  { title: "EVENT", cell: ({ event }: DeadLetter) => event.id },
  { title: "DIED", cell: ({ at }: DeadLetter) => at },
  { title: "ATTEMPTS", cell: ({ attempts }: DeadLetter) => attempts, align: "right" },
  { title: "REASON", cell: ({ reason }: DeadLetter) => reason },
  { title: "DETAIL", cell: ({ detail }: DeadLetter) => detail },
] as const;

/** JSON: the node's answer, `{"deadLetters":[…],"next",…}`. */
export async function listLetters(context: CommandContext): Promise<void> {
  const { args } = context;
  const query = { ...readSelection(context), after: args.text("after"), limit: args.number("limit") };
  const { text, body } = await createNodeApi(context).request("GET", "/v1/dead-letters", { query });
  if (context.json) return await printText(context, text);
  await printTable(context, body.deadLetters as DeadLetter[], { columns, empty: "no dead letters" });
  if (body.next !== null) await say(context, `there is more: --after ${body.next}`);
}

/** JSON: the node's answer. */
export async function showLetter(context: CommandContext): Promise<void> {
  const { text, body } = await createNodeApi(context).request("GET", toPath(context.args.required(0)));
  if (context.json) return await printText(context, text);
  const { id, subscription, reason, detail, attempts, topic, position, at, lastResponse, event }: DeadLetter = body;
  await printFields(context, { id, subscription, reason, detail, attempts, topic, position, died: at });
  if (lastResponse !== null) {
    await printFields(context, { "last answer": `${lastResponse.status} ${lastResponse.body}` });
  }
  const line = renderEventLine({ topic, event }, paintFor(context.terminal.output));
  await printText(context, `\n${line}`);
}

/** JSON: `{"redriven":n,"orphaned":n}`. */
export async function redriveLetters(context: CommandContext): Promise<void> {
  const ids = context.args.operands;
  const after = context.args.text("after");
  const wanted = { ...readSelection(context), after };
  requireSelection("redrive", ids, wanted);
  const api = createNodeApi(context);
  const { redriven, orphaned = 0 } = ids.length === 0 && after === undefined
    ? await redriveInSteps(context, api, wanted)
    : (await api.request("POST", "/v1/dead-letters/redrive", { body: ids.length === 0 ? wanted : { ...wanted, ids } }))
      .body;
  if (context.json) return await printJson(context, { redriven, orphaned });
  const left = orphaned === 0 ? "" : `; ${orphaned} stay, for their subscription is gone`;
  await say(context, `${redriven} redriven${left}`);
}

/** JSON: `{"purged":n}`. */
export async function purgeLetters(context: CommandContext): Promise<void> {
  const ids = context.args.operands;
  const wanted = readSelection(context);
  requireSelection("purge", ids, wanted);
  if (ids.length > 0 && isSelecting(wanted)) {
    throw new UsageError('Cannot run "weft dlq purge": name ids, or say which, not both', "dlq purge");
  }
  const api = createNodeApi(context);
  let purged = ids.length;
  if (ids.length === 0) purged = (await api.request("DELETE", "/v1/dead-letters", { query: wanted })).body.purged;
  for (const id of ids) await api.request("DELETE", toPath(id));
  await (context.json ? printJson(context, { purged }) : say(context, `${purged} purged`));
}

type Selection = Readonly<Record<string, string | undefined>>;

function readSelection({ args }: CommandContext): Selection {
  return Object.fromEntries(["subscription", "topic", "before"].map((name) => [name, args.text(name)]));
}

function isSelecting(selection: Selection): boolean {
  return Object.values(selection).some((value) => value !== undefined);
}

function requireSelection(command: string, ids: readonly string[], selection: Selection): void {
  if (ids.length > 0 || isSelecting(selection)) return;
  throw new UsageError(
    `Cannot run "weft dlq ${command}": name ids, or say which with --subscription, --topic or --before; all is --topic '>'`,
    `dlq ${command}`,
  );
}

function toPath(id: string): string {
  return `/v1/dead-letters/${encodeURIComponent(id)}`;
}
