/** `weft why-not`: what keeps an event from a cluster, in a sentence. */

import type { CommandContext } from "../command.ts";
import { parseAttributes } from "../event_draft.ts";
import { CommandError, ExitCode } from "../exit_codes.ts";
import { toDurationText } from "../humanize.ts";
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

interface Cluster {
  readonly cluster: string;
  readonly reachable: boolean;
  readonly lastSeenMs: number | null;
}

interface Warning {
  readonly reason: string;
  readonly clusters: readonly string[];
  readonly detail: string;
}

interface Verdict {
  readonly cluster: string;
  readonly arrives: boolean;
  readonly reason: string;
  readonly sentence: string;
}

/** JSON: `{"topic","cluster","arrives","reason","sentence","stopped":[…],"warnings":[…]}`. */
export async function whyNot(context: CommandContext): Promise<void> {
  const { args } = context;
  const topic = args.required(0);
  const cluster = args.required(1);
  const named = ["source", "type", "subject"].map((name) => [name, args.text(name)] as const);
  const query = { topic, "why-not": cluster, ...Object.fromEntries(named), ...parseAttributes(args.texts("attr")) };
  const api = createNodeApi(context);
  const { body } = await api.request("GET", "/v1/explain", { query });
  const stopped = (body.stopped as readonly Stop[]).filter(({ where }) => where === cluster);
  const destination = (body.destinations as readonly Destination[]).find((found) => found.cluster === cluster);
  const lostFor = destination === undefined && stopped.length === 0 ? await whenLost(api, cluster) : undefined;
  // A node of an older version tells none.
  const warnings = ((body.warnings ?? []) as readonly Warning[]).filter(({ clusters }) => clusters.includes(cluster));
  const verdict = judge(topic, { cluster, destination, stopped, lostFor });
  if (context.json) return await printJson(context, { topic, ...verdict, stopped, warnings });
  await printText(context, verdict.sentence);
  for (const { subscription, reason, detail } of stopped) {
    if (subscription !== null) await printText(context, `  ${subscription}: ${reason}, ${detail}`);
  }
  for (const { reason, detail } of warnings) await printText(context, `  ${reason}: ${detail}`);
}

function judge(
  topic: string,
  { cluster, destination, stopped, lostFor }: {
    cluster: string;
    destination: Destination | undefined;
    stopped: readonly Stop[];
    lostFor: string | undefined;
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
      sentence: `"${topic}" is for "${cluster}", but not got there now: ${detail}`,
    };
  }
  if (stopped.length > 0) {
    const [{ reason, detail }] = stopped;
    if (stopped.every((stop) => stop.reason === "OUT_OF_SCOPE")) {
      const sentence = `"${topic}" does not go to "${cluster}": what wants it there takes only what is published there`;
      return { cluster, arrives: false, reason, sentence };
    }
    return { cluster, arrives: false, reason, sentence: `"${topic}" does not go to "${cluster}": ${detail}` };
  }
  const unsure = lostFor === undefined ? "" : `, by what it told last; there is no way to it now, ${lostFor}`;
  const sentence = `"${topic}" does not go to "${cluster}": nobody there wants that topic${unsure}`;
  return { cluster, arrives: false, reason: "NO_SUBSCRIBER", sentence };
}

/** When a cluster that is known and out of reach was last seen; `undefined`: it can be reached. */
async function whenLost(api: NodeApi, cluster: string): Promise<string | undefined> {
  const { body } = await api.request("GET", "/v1/clusters", { query: { cluster } });
  const [found] = (body.clusters as readonly Cluster[]).filter((entry) => entry.cluster === cluster);
  if (found !== undefined) {
    if (found.reachable) return undefined;
    return found.lastSeenMs === null ? "it was never seen" : `it was last seen ${toDurationText(found.lastSeenMs)} ago`;
  }
  if (cluster === body.cluster) return undefined;
  const all = await api.request("GET", "/v1/clusters", { query: { limit: 1000 } });
  const known = (all.body.clusters as readonly Cluster[]).map((entry) => entry.cluster);
  throw new CommandError(
    ExitCode.notFound,
    `Cannot explain cluster "${cluster}": no cluster of that name is known; known are ${known.join(", ") || "none"}`,
  );
}
