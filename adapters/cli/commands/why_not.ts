/** `weft why-not`: what keeps an event from a cluster, in a sentence. */

import type { CommandContext } from "../command.ts";
import { parseAttributes } from "../event_draft.ts";
import { CommandError, ExitCode } from "../exit_codes.ts";
import { createNodeApi, type NodeApi } from "../node_api.ts";
import { printJson, printText } from "../output.ts";

interface Destination {
  readonly cluster: string;
  readonly path: readonly string[];
  readonly reason: string;
  readonly detail: string;
  readonly subscriptions: readonly { readonly id: string | null }[];
}

interface Stop {
  readonly where: string;
  readonly subscription: string | null;
  readonly reason: string;
  readonly detail: string;
}

interface Verdict {
  readonly cluster: string;
  readonly arrives: boolean;
  readonly reason: string;
  readonly sentence: string;
}

/** JSON: `{"topic","cluster","arrives","reason","sentence","stopped":[…]}`. */
export async function whyNot(context: CommandContext): Promise<void> {
  const { args } = context;
  const topic = args.required(0);
  const cluster = args.required(1);
  const named = ["source", "type", "subject"].map((name) => [name, args.text(name)] as const);
  const query = { topic, ...Object.fromEntries(named), ...parseAttributes(args.texts("attr")) };
  const api = createNodeApi(context);
  const { body } = await api.request("GET", "/v1/explain", { query });
  const stopped = (body.stopped as readonly Stop[]).filter(({ where }) => where === cluster);
  const destination = (body.destinations as readonly Destination[]).find((found) => found.cluster === cluster);
  if (destination === undefined && stopped.length === 0) await requireKnown(api, cluster);
  const verdict = judge(topic, { cluster, destination, stopped });
  if (context.json) return await printJson(context, { topic, ...verdict, stopped });
  await printText(context, verdict.sentence);
  for (const { subscription, reason, detail } of stopped) {
    if (subscription !== null) await printText(context, `  ${subscription}: ${reason}, ${detail}`);
  }
}

function judge(
  topic: string,
  { cluster, destination, stopped }: {
    cluster: string;
    destination: Destination | undefined;
    stopped: readonly Stop[];
  },
): Verdict {
  if (destination?.reason === "OK") {
    const path = destination.path.join(" > ");
    const who = destination.subscriptions.flatMap(({ id }) => id ?? []).join(", ") || "its streams";
    const sentence = `"${topic}" does reach "${cluster}" (${path}): ${who} would get it`;
    return { cluster, arrives: true, reason: "OK", sentence };
  }
  if (destination !== undefined) {
    const { reason, detail } = destination;
    return {
      cluster,
      arrives: false,
      reason,
      sentence: `"${topic}" is sent to "${cluster}", but not got there now: ${detail}`,
    };
  }
  if (stopped.length > 0) {
    const [{ reason, detail }] = stopped;
    return { cluster, arrives: false, reason, sentence: `"${topic}" does not go to "${cluster}": ${detail}` };
  }
  const sentence = `"${topic}" does not go to "${cluster}": nobody there wants that topic`;
  return { cluster, arrives: false, reason: "NO_SUBSCRIBER", sentence };
}

async function requireKnown(api: NodeApi, cluster: string): Promise<void> {
  const { body } = await api.request("GET", "/v1/clusters", { query: { limit: 1000 } });
  const known = (body.clusters as readonly { readonly cluster: string }[]).map((entry) => entry.cluster);
  if (known.includes(cluster) || cluster === body.cluster) return;
  throw new CommandError(
    ExitCode.notFound,
    `Cannot explain cluster "${cluster}": no cluster of that name is known; known are ${known.join(", ") || "none"}`,
  );
}
