/** Subscriptions and streams, as the API's description tells it. */

import { json, type Operation, type Parameter } from "./operation.ts";
import { count, located, object, oneOf, pageOf, ref, text } from "./schema.ts";

const ID: Parameter = { name: "id", in: "path", description: "Name of the subscription." };
export const LIMIT: Parameter = {
  name: "limit",
  in: "query",
  description: "Entries at most. Default 100, at most 1,000.",
  schema: { type: "integer", minimum: 1 },
};
export const AFTER: Parameter = { name: "after", in: "query", description: "`next` of the page before." };
const READY: Parameter = {
  name: "ready",
  in: "query",
  description: "mesh: answer when every reachable cluster knows the interest.",
  schema: oneOf("local", "mesh"),
};

const resource = located(ref("Subscription"));
const sent = (schema: string) => ({ ...json(ref(schema), ""), required: true });

const SUBSCRIPTIONS: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/subscriptions",
    id: "listSubscriptions",
    tag: "subscribe",
    summary: "List subscriptions in order of id",
    scope: "authenticated",
    parameters: [LIMIT, AFTER, {
      name: "scope",
      in: "query",
      description: "mesh: those of every reachable cluster.",
      schema: oneOf("node", "cluster", "mesh"),
    }],
    answers: { 200: json(pageOf("subscriptions", ref("Subscription")), "A page.") },
  },
  {
    method: "post",
    path: "/v1/subscriptions",
    id: "createSubscription",
    tag: "subscribe",
    summary: "Make a subscription with an id of its own",
    scope: "subscribe",
    parameters: [READY],
    body: sent("SubscriptionRequest"),
    answers: { 201: { ...json(resource, "It is durable."), headers: { Location: "Path of the subscription." } } },
  },
  {
    method: "get",
    path: "/v1/subscriptions/{id}",
    id: "getSubscription",
    tag: "subscribe",
    summary: "Show a subscription and how it is doing",
    scope: "authenticated",
    parameters: [ID],
    answers: { 200: json(resource, "The subscription.") },
  },
  {
    method: "put",
    path: "/v1/subscriptions/{id}",
    id: "putSubscription",
    tag: "subscribe",
    summary: "Make or replace a subscription",
    description: "A replaced subscription keeps its place in the log.",
    scope: "subscribe",
    parameters: [ID, READY],
    body: sent("SubscriptionRequest"),
    answers: {
      200: json(resource, "Replaced; it is durable."),
      201: { ...json(resource, "Made; it is durable."), headers: { Location: "Path of the subscription." } },
    },
  },
  {
    method: "patch",
    path: "/v1/subscriptions/{id}",
    id: "pauseSubscription",
    tag: "subscribe",
    summary: "Pause or resume a subscription",
    scope: "subscribe",
    parameters: [ID],
    body: sent("SubscriptionPatch"),
    answers: { 200: json(resource, "The subscription as it is now.") },
  },
  {
    method: "delete",
    path: "/v1/subscriptions/{id}",
    id: "deleteSubscription",
    tag: "subscribe",
    summary: "Delete a subscription",
    scope: "subscribe",
    parameters: [ID],
    answers: { 204: { description: "It is gone." } },
  },
  {
    method: "post",
    path: "/v1/subscriptions/{id}/seek",
    id: "seekSubscription",
    tag: "subscribe",
    summary: "Begin again elsewhere in the log",
    scope: "admin",
    parameters: [ID],
    body: sent("Seek"),
    answers: { 200: json(resource, "The subscription, there.") },
  },
  {
    method: "post",
    path: "/v1/subscriptions/{id}/pull",
    id: "pull",
    tag: "subscribe",
    summary: "Take events from a subscription with protocol PULL",
    description: "What is not acknowledged within config.ackTimeoutMs comes again.",
    scope: "subscribe",
    parameters: [ID],
    body: { ...sent("Pull"), required: false },
    answers: { 200: json(ref("PulledEvents"), "Events, or none when the wait is over.") },
  },
  {
    method: "post",
    path: "/v1/subscriptions/{id}/ack",
    id: "acknowledge",
    tag: "subscribe",
    summary: "Acknowledge, refuse or prolong events that were pulled",
    scope: "subscribe",
    parameters: [ID],
    body: sent("Settlement"),
    answers: { 200: json(ref("Settled"), "It is durable.") },
  },
];

const STREAMS: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/stream",
    id: "stream",
    tag: "subscribe",
    summary: "Events as they come: Server-Sent Events, or a WebSocket",
    description:
      "Begins with `event: ready`, whose data has the cursor to resume at; then `event: gap` if something that was asked for " +
      "is no longer kept, and later wherever retention overtakes a slow reader. Each event has its cursor as `id`, its type as `event` and itself, structured, as `data`.\n\n" +
      "The same path upgrades to a WebSocket with sub-protocol `weft.json` (default) or `cloudevents.json`.",
    scope: "subscribe",
    parameters: [
      { name: "topic", in: "query", description: "Pattern of topics. Default `>`." },
      { name: "filter", in: "query", description: "A CESQL expression." },
      { name: "group", in: "query", description: "Each event goes to one member of the group." },
      {
        name: "ordered",
        in: "query",
        description: "Of a group: its events of one key come one at a time, in the order in which they were accepted.",
        schema: oneOf("true", "false"),
      },
      {
        name: "since",
        in: "query",
        description: "earliest, now (default), a position (included), an RFC 3339 time, or a cursor (not included).",
      },
      { name: "Last-Event-ID", in: "header", description: "Cursor of the last event seen; goes before since." },
      READY,
      {
        name: "ack",
        in: "query",
        description: "explicit: an event comes again until it is acknowledged (weft.json only).",
        schema: oneOf("none", "explicit"),
      },
      {
        name: "maxInFlight",
        in: "query",
        description: "Unacknowledged events at a time.",
        schema: count("1 to 10,000"),
      },
      { name: "ackTimeoutMs", in: "query", description: "After this an event comes again.", schema: count("ms") },
      { name: "ticket", in: "query", description: "Of POST /v1/tickets, for clients that send no headers." },
    ],
    answers: {
      101: { description: "It is a WebSocket now." },
      200: { description: "Messages, until one side ends.", content: { "text/event-stream": { type: "string" } } },
    },
  },
  {
    method: "post",
    path: "/v1/tickets",
    id: "createTicket",
    tag: "subscribe",
    summary: "Make a ticket for one stream, with the rights of whoever asks",
    scope: "authenticated",
    answers: {
      201: json(object({ ticket: text("Good once."), expiresInMs: count("Not longer than that, ms.") }), "The ticket."),
    },
  },
];

export const SUBSCRIPTION_OPERATIONS: readonly Operation[] = [...SUBSCRIPTIONS, ...STREAMS];
