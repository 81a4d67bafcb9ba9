/** `weft subscription add`: makes a subscription, or replaces the one of the same id. */

import type { CommandContext } from "../command.ts";
import { parseHeaders } from "../event_draft.ts";
import { CommandError, ExitCode } from "../exit_codes.ts";
import { createNodeApi } from "../node_api.ts";
import { printText, say } from "../output.ts";
import { readInput } from "../read_input.ts";
import { toSince, toSubscriptionPath } from "../subscription_resource.ts";

type Json = Readonly<Record<string, unknown>>;

/** JSON: the resource. */
export async function addSubscription(context: CommandContext): Promise<void> {
  const body = toRequest(context, await readBase(context));
  const api = createNodeApi(context);
  const id = typeof body.id === "string" ? body.id : undefined;
  const answer = id === undefined
    ? await api.request("POST", "/v1/subscriptions", { body })
    : await api.request("PUT", toSubscriptionPath(id), { body });
  if (context.json) return await printText(context, answer.text);
  await printText(context, answer.body.id);
  await say(context, answer.status === 201 ? "created" : "replaced; it keeps its place in the log");
}

/** What the file says; flags are laid over it. */
async function readBase({ args, terminal }: CommandContext): Promise<Json> {
  const file = args.text("file");
  if (file === undefined) return {};
  const text = new TextDecoder().decode(await readInput(terminal, file));
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new CommandError(ExitCode.failed, `Cannot read "${file}": it is no JSON (${reason})`, { cause });
  }
  throw new CommandError(ExitCode.failed, `Cannot read "${file}": it is no JSON object`);
}

function toRequest({ args }: CommandContext, base: Json): Json {
  const config = withoutUndefined({
    topic: args.operands[0],
    group: args.text("group"),
    scope: args.text("scope"),
    since: toSince(args.text("since")),
    ordered: args.has("ordered") || undefined,
    maxInFlight: args.number("max-in-flight"),
    ackTimeoutMs: args.number("ack-timeout"),
    expiresInMs: args.number("expires"),
    retry: args.has("attempts")
      ? { ...asObject(asObject(base.config).retry), attemptsMax: args.number("attempts") }
      : undefined,
  });
  const settings = withoutUndefined({
    mode: args.text("mode"),
    secret: args.text("secret"),
    headers: args.has("header") ? parseHeaders(args.texts("header"), "subscription add") : undefined,
  });
  return withoutUndefined({
    ...base,
    ...withoutUndefined({
      id: args.text("id"),
      sink: args.text("sink"),
      source: args.text("source"),
      types: args.has("type") ? args.texts("type") : undefined,
      filters: args.has("filter") ? args.texts("filter").map((sql) => ({ sql })) : undefined,
    }),
    config: { ...asObject(base.config), ...config },
    protocolsettings: Object.keys(settings).length === 0
      ? base.protocolsettings
      : { ...asObject(base.protocolsettings), ...settings },
  });
}

function asObject(value: unknown): Json {
  return typeof value === "object" && value !== null ? value as Json : {};
}

function withoutUndefined(fields: Json): Json {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
