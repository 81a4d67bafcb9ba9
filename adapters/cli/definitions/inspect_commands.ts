/** Commands that look into a node. */

import type { CommandSpec, FlagSpec } from "../command.ts";
import { explainFlags } from "./event_commands.ts";

const page: readonly FlagSpec[] = [
  { name: "after", kind: "text", value: "NEXT", summary: "begin after this entry" },
  { name: "limit", kind: "count", value: "N", summary: "entries at most (default: 100)" },
];

const letters: readonly FlagSpec[] = [
  { name: "subscription", kind: "text", value: "ID", summary: "of this subscription" },
  { name: "topic", kind: "text", value: "PATTERN", summary: "whose topic fits" },
  { name: "before", kind: "text", value: "TIME", summary: "that died before this RFC 3339 time" },
];

export const inspectCommands: readonly CommandSpec[] = [
  {
    name: "topics",
    group: "Inspect",
    summary: "topics that were published to lately, with their rates",
    client: true,
    flags: page,
    load: async () => (await import("../commands/topics.ts")).listTopics,
  },
  {
    name: "routes",
    group: "Inspect",
    summary: "the routing table: which patterns are wanted, where, by which path, and why",
    client: true,
    flags: [
      { name: "topic", kind: "text", value: "TOPIC", summary: "only routes that this topic takes" },
      { name: "destination", kind: "text", value: "CLUSTER", summary: "only routes to there" },
      { name: "dot", kind: "switch", summary: "as a graph for Graphviz" },
      { name: "watch", kind: "switch", summary: "go on with each change" },
      { name: "after", kind: "text", value: "NEXT", summary: "begin after this route" },
      { name: "limit", kind: "count", value: "N", summary: "routes at most (default: 1000)" },
    ],
    load: async () => (await import("../commands/routes.ts")).showRoutes,
  },
  {
    name: "explain",
    group: "Inspect",
    summary: "who would get an event, by which path, and what stops it elsewhere; sends nothing",
    client: true,
    operands: [{ name: "TOPIC", summary: "such as order.placed" }],
    flags: explainFlags,
    load: async () => (await import("../commands/explain.ts")).explain,
  },
  {
    name: "dlq",
    group: "Inspect",
    summary: "dead letters: events that failed all their attempts",
    defaultCommand: "ls",
    commands: [
      {
        name: "ls",
        summary: "list them",
        client: true,
        flags: [...letters, ...page],
        load: async () => (await import("../commands/dlq.ts")).listLetters,
      },
      {
        name: "show",
        summary: "one, with the reason, the last answer and the event",
        client: true,
        operands: [{ name: "ID", summary: "of the dead letter" }],
        load: async () => (await import("../commands/dlq.ts")).showLetter,
      },
      {
        name: "redrive",
        summary: "deliver again; name ids, or say which",
        client: true,
        operands: [{ name: "ID", optional: true, variadic: true, summary: "of dead letters" }],
        flags: [...letters, {
          name: "after",
          kind: "text",
          value: "TIME",
          summary: "that died after this RFC 3339 time",
        }],
        load: async () => (await import("../commands/dlq.ts")).redriveLetters,
      },
      {
        name: "purge",
        summary: "remove for good; name ids, or say which",
        client: true,
        operands: [{ name: "ID", optional: true, variadic: true, summary: "of dead letters" }],
        flags: letters,
        load: async () => (await import("../commands/dlq.ts")).purgeLetters,
      },
    ],
  },
];
