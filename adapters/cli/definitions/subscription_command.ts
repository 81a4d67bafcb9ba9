/** Commands for subscriptions as resources. */

import type { CommandSpec, OperandSpec } from "../command.ts";

const id: OperandSpec = { name: "ID", summary: "of the subscription" };

export const subscriptionCommand: CommandSpec = {
  name: "subscription",
  group: "Events",
  summary: "durable subscriptions: make, look at, pause, replay, pull from",
  defaultCommand: "ls",
  commands: [
    {
      name: "ls",
      summary: "all of the node, with their state and lag",
      client: true,
      flags: [
        { name: "mesh", kind: "switch", summary: "those of every cluster that can be reached" },
        { name: "after", kind: "text", value: "ID", summary: "begin after this one" },
        { name: "limit", kind: "count", value: "N", summary: "entries at most (default: 100)" },
      ],
      load: async () => (await import("../commands/subscription_read.ts")).listSubscriptions,
    },
    {
      name: "show",
      summary: "one, with its status",
      client: true,
      operands: [id],
      load: async () => (await import("../commands/subscription_read.ts")).showSubscription,
    },
    {
      name: "add",
      elsewhere: ["create", "new", "put"],
      summary:
        "make one, durable when the command returns; with --id it replaces the one of that id and keeps its place",
      client: true,
      operands: [{ name: "PATTERN", optional: true, summary: "topics (default: >, or what the file says)" }],
      flags: [
        { name: "id", kind: "text", value: "ID", summary: "default: a generated one" },
        { name: "sink", kind: "text", value: "URL", summary: "push to it; without, events are pulled" },
        { name: "filter", kind: "text", value: "CESQL", repeatable: true, summary: "only events for which it is true" },
        { name: "type", kind: "text", value: "TYPE", repeatable: true, summary: "only events of this type" },
        { name: "source", kind: "text", value: "URI", summary: "only events of this source" },
        { name: "group", kind: "text", value: "NAME", summary: "share the events with the other members" },
        { name: "scope", kind: "text", value: "SCOPE", choices: ["node", "cluster", "mesh"], summary: "whose events" },
        { name: "since", kind: "text", value: "WHEN", summary: "now (default), earliest, a position or a time" },
        { name: "ordered", kind: "switch", summary: "one at a time per ordering key" },
        { name: "max-in-flight", kind: "count", value: "N", summary: "unacknowledged events at a time" },
        { name: "ack-timeout", kind: "duration", value: "TIME", summary: "pulled events come again after this" },
        { name: "attempts", kind: "count", value: "N", summary: "before an event becomes a dead letter" },
        { name: "expires", kind: "duration", value: "TIME", summary: "the subscription ends after this" },
        {
          name: "mode",
          kind: "text",
          value: "MODE",
          choices: ["binary", "structured", "batch"],
          summary: "of requests",
        },
        {
          name: "header",
          short: "H",
          kind: "text",
          value: "NAME:VALUE",
          repeatable: true,
          summary: "sent to the sink",
        },
        { name: "secret", kind: "text", value: "SECRET", summary: "sign requests (Standard Webhooks)" },
        { name: "file", kind: "text", value: "FILE", summary: "the resource as JSON, - for standard input; flags win" },
      ],
      examples: [
        { line: "weft subscription add 'order.>' --id audit --since earliest", what: "a queue to pull from" },
        {
          line: "weft subscription add order.placed --sink http://127.0.0.1:9000/hook --attempts 3",
          what: "a webhook",
        },
      ],
      load: async () => (await import("../commands/subscription_add.ts")).addSubscription,
    },
    {
      name: "rm",
      elsewhere: ["delete", "remove", "del"],
      summary: "delete",
      client: true,
      operands: [{ ...id, variadic: true }],
      load: async () => (await import("../commands/subscription_change.ts")).removeSubscriptions,
    },
    {
      name: "pause",
      summary: "keep its events, deliver none",
      client: true,
      operands: [id],
      load: async () => (await import("../commands/subscription_change.ts")).pauseSubscription,
    },
    {
      name: "resume",
      summary: "deliver again",
      client: true,
      operands: [id],
      load: async () => (await import("../commands/subscription_change.ts")).resumeSubscription,
    },
    {
      name: "seek",
      summary: "go to another place in the log: replay, or skip",
      client: true,
      operands: [id, { name: "SINCE", summary: "earliest, now, a position (itself included), a time or a cursor" }],
      load: async () => (await import("../commands/subscription_change.ts")).seekSubscription,
    },
    {
      name: "pull",
      summary: "take events from one without a sink; what is not acknowledged comes again",
      client: true,
      operands: [id],
      flags: [
        { name: "max", kind: "count", value: "N", summary: "events at most (default: 100)" },
        { name: "wait", kind: "duration", value: "TIME", summary: "for the first one (default: 0)" },
        { name: "ack", kind: "switch", summary: "acknowledge them after printing" },
      ],
      load: async () => (await import("../commands/subscription_pull.ts")).pullEvents,
    },
    {
      name: "ack",
      summary: "acknowledge pulled events",
      client: true,
      operands: [id, { name: "ACKID", variadic: true, summary: "as `subscription pull --json` prints it" }],
      flags: [{ name: "nack", kind: "switch", summary: "give them back instead: they come again" }],
      load: async () => (await import("../commands/subscription_pull.ts")).acknowledgeEvents,
    },
  ],
};
