/** Publishing, as the API's description tells it. */

import { json, type Operation, type Parameter } from "./operation.ts";
import { count, oneOf, ref } from "./schema.ts";

const HEADERS: readonly Parameter[] = [
  {
    name: "Weft-Ack",
    in: "header",
    description: "Whose custody the 202 stands for. Default accepted.",
    schema: oneOf("accepted", "next-hop", "all"),
  },
  { name: "Weft-Ttl-Ms", in: "header", description: "Time to live, ms.", schema: count("ms") },
  { name: "Prefer", in: "header", description: "`wait=<s>` (RFC 7240): the longest wait for that custody. Default 5." },
];

const EVENTS = {
  "application/cloudevents+json": ref("CloudEvent"),
  "application/cloudevents-batch+json": { type: "array", items: ref("CloudEvent") },
};

const ACCEPTED = json({ anyOf: [ref("Receipt"), ref("BatchReceipt")] }, "The event, or each of the batch, is durable.");

const publish = {
  method: "post",
  tag: "publish",
  scope: "publish",
  body: {
    required: false,
    description: "An event in structured mode, a batch of them, or with ce-* headers the data of one in binary mode.",
    content: { ...EVENTS, "*/*": {} },
  },
  answers: { 202: ACCEPTED },
} as const;

export const PUBLISH_OPERATIONS: readonly Operation[] = [
  {
    ...publish,
    path: "/v1/events",
    id: "publish",
    summary: "Publish an event or a batch",
    description: "Safe to repeat with the same id and source: a repeat is answered with the first receipt.",
    parameters: HEADERS,
  },
  { ...publish, path: "/", id: "publishAtRoot", summary: "The same as POST /v1/events", parameters: HEADERS },
  {
    ...publish,
    path: "/v1/topics/{topic}",
    id: "publishToTopic",
    summary: "Publish any body as an event of that topic",
    description: "A body that is no CloudEvent is wrapped into one whose type is the topic.",
    parameters: [
      { name: "topic", in: "path", description: "Routing key." },
      ...HEADERS,
      { name: "ce-id", in: "header", description: "Id of the event. Default: a new one." },
      { name: "Idempotency-Key", in: "header", description: "The same, where ce-id is not given." },
      { name: "ce-source", in: "header", description: "Source of the event. Default `/federations/<federation>`." },
    ],
  },
];
