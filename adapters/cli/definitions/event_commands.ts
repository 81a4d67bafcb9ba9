/** Commands that send and receive events. */

import type { CommandSpec, FlagSpec } from "../command.ts";

const attributeFlags: readonly FlagSpec[] = [
  { name: "source", kind: "text", value: "URI", summary: "attribute source" },
  { name: "type", kind: "text", value: "TYPE", summary: "attribute type (default: the topic)" },
  { name: "subject", kind: "text", value: "TEXT", summary: "attribute subject" },
  { name: "attr", kind: "text", value: "NAME=VALUE", repeatable: true, summary: "any other attribute" },
];

export const eventCommands: readonly CommandSpec[] = [
  {
    name: "pub",
    group: "Events",
    summary: "publish an event; it is durable when the command returns",
    client: true,
    operands: [
      { name: "TOPIC", summary: "such as order.placed" },
      { name: "DATA", optional: true, summary: "the data, or - to read it from standard input; none: no data" },
    ],
    flags: [
      ...attributeFlags,
      { name: "id", kind: "text", value: "ID", summary: "attribute id (default: a new one); repeating it is safe" },
      {
        name: "content-type",
        kind: "text",
        value: "TYPE",
        summary: "of the data (default: JSON if it is, else text or bytes)",
      },
      { name: "file", kind: "text", value: "FILE", summary: "read the data from a file" },
      {
        name: "header",
        short: "H",
        kind: "text",
        value: "NAME:VALUE",
        repeatable: true,
        summary: "HTTP header, such as Weft-Ttl-Ms",
      },
      { name: "count", kind: "count", value: "N", summary: "publish it N times, with an id each" },
    ],
    examples: [
      { line: `weft pub order.placed '{"total":42}'`, what: "JSON" },
      { line: "weft pub image.taken --file cat.png --content-type image/png", what: "a file" },
      { line: "date | weft pub clock.tick - -H 'Weft-Ttl-Ms: 60000'", what: "what a pipe brings, for a minute" },
    ],
    load: async () => (await import("../commands/pub.ts")).publish,
  },
  {
    name: "sub",
    group: "Events",
    summary: "print events as they come; a lost connection is made again, without loss or repeat",
    client: true,
    operands: [{ name: "PATTERN", summary: "topics: * is one token, > the rest, as in 'order.>'" }],
    flags: [
      { name: "filter", kind: "text", value: "CESQL", summary: "only events for which it is true" },
      { name: "group", kind: "text", value: "NAME", summary: "share the events with the other members" },
      {
        name: "since",
        kind: "text",
        value: "WHEN",
        summary: "now (default), earliest, a position, a time or a cursor",
      },
      { name: "count", kind: "count", value: "N", summary: "end after N events" },
      { name: "raw", kind: "switch", summary: "print only the data, a line each" },
    ],
    examples: [
      { line: "weft sub 'order.>'", what: "until Ctrl-C" },
      {
        line: "weft sub 'order.*' --filter \"subject LIKE 'eu-%'\" --json",
        what: "a JSON line each: cursor and event",
      },
      { line: "weft sub order.placed --count 1 --timeout 5s", what: "wait for one, exit code 6 when none came" },
    ],
    load: async () => (await import("../commands/sub.ts")).subscribe,
  },
  {
    name: "events",
    group: "Events",
    summary: "browse the log",
    defaultCommand: "ls",
    commands: [
      {
        name: "ls",
        summary: "events in the log, oldest first",
        client: true,
        operands: [{ name: "PATTERN", optional: true, summary: "topics (default: >)" }],
        flags: [
          { name: "filter", kind: "text", value: "CESQL", summary: "only events for which it is true" },
          { name: "after", kind: "text", value: "PLACE", summary: "begin after this cursor or position" },
          { name: "limit", kind: "count", value: "N", summary: "entries at most (default: 100)" },
        ],
        load: async () => (await import("../commands/events.ts")).listEvents,
      },
      {
        name: "show",
        summary: "one event, whole",
        client: true,
        operands: [{ name: "POSITION", summary: "its place in the log, as `events ls` and receipts name it" }],
        load: async () => (await import("../commands/events.ts")).showEvent,
      },
    ],
  },
  {
    name: "bench",
    group: "Events",
    summary: "measure a node: publish events, receive them, and show rates and latencies",
    about: "The events stay in the log until retention removes them; the topic is new with each run.",
    client: true,
    flags: [
      { name: "events", kind: "count", value: "N", summary: "how many (default: 10000; at most 1000000)" },
      { name: "size", kind: "count", value: "BYTES", summary: "of the data (default: 200)" },
      { name: "concurrency", kind: "count", value: "N", summary: "requests at a time (default: 32)" },
      { name: "batch", kind: "count", value: "N", summary: "events in a request (default: 1)" },
    ],
    examples: [{ line: "weft bench --events 100000 --batch 100", what: "what a bulk load sees" }],
    load: async () => (await import("../commands/bench.ts")).benchmark,
  },
];

/** Explaining an event takes the attributes that publishing takes. */
export const explainFlags = attributeFlags;
