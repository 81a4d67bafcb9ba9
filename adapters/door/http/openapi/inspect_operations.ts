/** Looking into a node, as the API's description tells it. */

import { json, type Operation, type Parameter } from "./operation.ts";
import { count, listOf, located, object, oneOf, pageOf, PROVENANCE, ref, text } from "./schema.ts";
import { AFTER, LIMIT } from "./subscription_operations.ts";

const LETTER: Parameter = { name: "id", in: "path", description: "Id of the dead letter." };
const LETTERS: readonly Parameter[] = [
  { name: "subscription", in: "query", description: "Only of that subscription." },
  { name: "topic", in: "query", description: "Only those whose topic fits the pattern." },
  {
    name: "before",
    in: "query",
    description: "Only those that failed before.",
    schema: { type: "string", format: "date-time" },
  },
];
const redriven = object({
  redriven: count("Given back to their subscriptions."),
  orphaned: count("Whose subscription is gone; they stay."),
  ...PROVENANCE,
});

const LOG: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/events",
    id: "browse",
    tag: "inspect",
    summary: "Read the log, oldest first",
    scope: "browse",
    parameters: [
      { name: "topic", in: "query", description: "Pattern of topics. Default `>`." },
      { name: "filter", in: "query", description: "A CESQL expression." },
      LIMIT,
      { ...AFTER, description: "`next` of the page before, or the position of the last event seen." },
    ],
    answers: { 200: json(pageOf("events", ref("LogEntry")), "A page.") },
  },
  {
    method: "get",
    path: "/v1/topics",
    id: "listTopics",
    tag: "inspect",
    summary: "Topics published lately, and how fast",
    scope: "authenticated",
    parameters: [LIMIT, AFTER],
    answers: { 200: json(pageOf("topics", ref("Topic")), "A page.") },
  },
  {
    method: "get",
    path: "/v1/explain",
    id: "explain",
    tag: "inspect",
    summary: "Who in the mesh would get an event, and what stops it; sends nothing",
    description:
      "Other clusters are asked for their subscriptions, for a second, at most 64 of them. Any further parameter is an attribute of the event: source, subject, extensions.",
    scope: "authenticated",
    parameters: [
      { name: "topic", in: "query", description: "Routing key. Default: from the type." },
      { name: "type", in: "query", description: "Default: the topic." },
      { name: "source", in: "query", description: "Default `/federations/<federation>`." },
      { name: "subject", in: "query", description: "Default: none." },
      { name: "why-not", in: "query", description: "A cluster that is asked in any case." },
    ],
    answers: { 200: json(located(ref("Explanation")), "What would happen now.") },
  },
  {
    method: "get",
    path: "/routes",
    id: "listRoutes",
    tag: "inspect",
    summary: "The routing table",
    description:
      "`?watch` sends `event: routes` with the table, then `event: change` with what was added and removed; what is large comes in several of these, all but the last with `more: true`.",
    scope: "authenticated",
    parameters: [
      { name: "topic", in: "query", description: "Only routes that this topic takes." },
      { name: "destination", in: "query", description: "Only routes to that cluster." },
      { name: "cut", in: "query", description: "As they would be without the link `a-b`." },
      { name: "format", in: "query", description: "For people: text, dot.", schema: oneOf("json", "text", "dot") },
      { name: "watch", in: "query", description: "Stream changes.", schema: oneOf("", "true", "false") },
      LIMIT,
      AFTER,
    ],
    answers: {
      200: {
        description: "The table.",
        content: {
          "application/json": pageOf("routes", ref("Route"), { version: count("Grows with each change.") }),
          "text/plain": { type: "string" },
          "text/vnd.graphviz": { type: "string" },
          "text/event-stream": { type: "string" },
        },
      },
    },
  },
];

const DEAD_LETTERS: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/dead-letters",
    id: "listDeadLetters",
    tag: "dead letters",
    summary: "List dead letters in order of death",
    scope: "admin",
    parameters: [...LETTERS, LIMIT, AFTER],
    answers: { 200: json(pageOf("deadLetters", ref("DeadLetter")), "A page.") },
  },
  {
    method: "delete",
    path: "/v1/dead-letters",
    id: "purgeDeadLetters",
    tag: "dead letters",
    summary: "Remove dead letters; at least one parameter is needed",
    scope: "admin",
    parameters: LETTERS,
    answers: { 200: json(object({ purged: count("How many."), ...PROVENANCE }), "They are gone.") },
  },
  {
    method: "post",
    path: "/v1/dead-letters/redrive",
    id: "redriveDeadLetters",
    tag: "dead letters",
    summary: "Give dead letters back to their subscriptions",
    scope: "admin",
    body: { ...json(ref("Redrive"), "Which; all that is given must hold."), required: true },
    answers: { 200: json(redriven, "How many.") },
  },
  {
    method: "get",
    path: "/v1/dead-letters/{id}",
    id: "getDeadLetter",
    tag: "dead letters",
    summary: "Show a dead letter",
    scope: "admin",
    parameters: [LETTER],
    answers: { 200: json(located(ref("DeadLetter")), "The dead letter.") },
  },
  {
    method: "delete",
    path: "/v1/dead-letters/{id}",
    id: "deleteDeadLetter",
    tag: "dead letters",
    summary: "Remove a dead letter",
    scope: "admin",
    parameters: [LETTER],
    answers: { 204: { description: "It is gone." } },
  },
  {
    method: "post",
    path: "/v1/dead-letters/{id}/redrive",
    id: "redriveDeadLetter",
    tag: "dead letters",
    summary: "Give a dead letter back to its subscription",
    scope: "admin",
    parameters: [LETTER],
    answers: { 200: json(redriven, "It is an open event again.") },
  },
];

const health = object({ status: oneOf("ok", "failed"), ...PROVENANCE });
const readiness = object({
  status: oneOf("ok", "failed"),
  failed: listOf(object({ check: text("Name."), detail: text("Why.") })),
  ...PROVENANCE,
});

const NODE: readonly Operation[] = [
  {
    method: "get",
    path: "/v1",
    id: "about",
    tag: "node",
    summary: "Version, doors, limits and store of the node",
    scope: "authenticated",
    answers: { 200: json(located({ type: "object" }), "What this node is.") },
  },
  {
    method: "get",
    path: "/livez",
    id: "livez",
    tag: "node",
    summary: "Whether the process lives",
    scope: "open",
    answers: { 200: json(health, "It does.") },
  },
  {
    method: "get",
    path: "/readyz",
    id: "readyz",
    tag: "node",
    summary: "Whether the node takes events",
    scope: "open",
    answers: { 200: json(readiness, "It does."), 503: json(readiness, "It does not; `failed` says why.") },
  },
  {
    method: "get",
    path: "/metrics",
    id: "metrics",
    tag: "node",
    summary: "Metrics for Prometheus",
    scope: "openOnLoopback",
    answers: { 200: { description: "Text exposition format.", content: { "text/plain": { type: "string" } } } },
  },
  {
    method: "get",
    path: "/openapi.json",
    id: "openapi",
    tag: "node",
    summary: "This description",
    scope: "openOnLoopback",
    answers: { 200: json({ type: "object" }, "OpenAPI 3.1.") },
  },
];

export const INSPECT_OPERATIONS: readonly Operation[] = [...LOG, ...DEAD_LETTERS, ...NODE];
