/** Commands that look into the mesh. */

import type { CommandSpec, FlagSpec } from "../command.ts";
import { explainFlags } from "./event_commands.ts";

const page: readonly FlagSpec[] = [
  { name: "after", kind: "text", value: "NEXT", summary: "begin after this entry" },
  { name: "limit", kind: "count", value: "N", summary: "entries at most (default: 100)" },
];

export const meshCommands: readonly CommandSpec[] = [
  {
    name: "links",
    group: "Inspect",
    summary: "links with neighbouring clusters: up or not and why, round trip, what waits",
    client: true,
    flags: page,
    load: async () => (await import("../commands/mesh.ts")).listLinks,
  },
  {
    name: "clusters",
    group: "Inspect",
    summary: "clusters known, whether there is a path to each, and which",
    client: true,
    flags: page,
    load: async () => (await import("../commands/mesh.ts")).listClusters,
  },
  {
    name: "peers",
    group: "Inspect",
    summary: "nodes known, with state, runtime, version and address",
    client: true,
    flags: page,
    load: async () => (await import("../commands/mesh.ts")).listPeers,
  },
  {
    name: "interest",
    group: "Inspect",
    summary: "what each cluster wants, as it told it, and groups that are defined in different ways",
    client: true,
    operands: [{ name: "CLUSTER", optional: true, summary: "only what this one wants" }],
    flags: page,
    load: async () => (await import("../commands/interest.ts")).listInterest,
  },
  {
    name: "why-not",
    group: "Inspect",
    summary: "what keeps an event of a topic from a cluster, in a sentence",
    client: true,
    operands: [
      { name: "TOPIC", summary: "such as order.placed" },
      { name: "CLUSTER", summary: "that should get it" },
    ],
    flags: explainFlags,
    examples: [{
      line: "weft why-not order.placed oslo --attr region=eu",
      what: "with an attribute that filters ask for",
    }],
    load: async () => (await import("../commands/why_not.ts")).whyNot,
  },
  {
    name: "trace",
    group: "Inspect",
    summary: "what happened to an event that was published, hop by hop",
    about: "Asks the clusters on its path, whichever node is asked.",
    client: true,
    operands: [{ name: "ID", summary: "of the event" }],
    flags: [{ name: "source", kind: "text", value: "URI", summary: "of the event (default: what `weft pub` sets)" }],
    load: async () => (await import("../commands/trace.ts")).traceEvent,
  },
  {
    name: "ledger",
    group: "Inspect",
    summary: "what became of every event, per destination and per subscription",
    about: "accepted = delivered + parked + queued + expired + rejected + evicted; exit code 1 where that fails.",
    client: true,
    flags: [{ name: "recount", kind: "switch", summary: "count what waits in the store, not in memory" }],
    load: async () => (await import("../commands/ledger.ts")).showLedger,
  },
  {
    name: "simulate",
    group: "Inspect",
    summary: "which routes would change without a link; nothing is cut",
    client: true,
    flags: [{ name: "cut", kind: "text", value: "A-B", summary: "the link between these two clusters" }],
    load: async () => (await import("../commands/simulate.ts")).simulate,
  },
  {
    name: "forget",
    group: "Look after",
    summary: "give up a cluster that is gone for good, and the events that are owed to it",
    about: "Only one to which there is no path. The events are counted as evicted; they do not come back.",
    client: true,
    operands: [{ name: "CLUSTER", summary: "that is gone" }],
    load: async () => (await import("../commands/mesh.ts")).forgetCluster,
  },
];
