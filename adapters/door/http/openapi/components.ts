/** The named schemas of the API. */

import { toJsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";

import { SubscriptionSchema } from "../../../../node/mod.ts";
import { RedriveSchema } from "../inspect/mod.ts";
import { MESH_COMPONENTS } from "./mesh_components.ts";
import { AckSchema, PatchSchema, PullSchema, SeekSchema } from "../subscriptions/mod.ts";
import { count, flag, listOf, object, oneOf, orNull, ref, type Schema, text, time } from "./schema.ts";

/** Why an event does not get somewhere, or not now. */
const STOP_REASONS = [
  "NO_SUBSCRIBER",
  "FILTERED",
  "PAUSED",
  "EXPIRED",
  "SINK_FAILING",
  "WAITS_FOR_GAP",
  "OUT_OF_SCOPE",
  "NOT_TOLD",
  "GROUP_ELSEWHERE",
  "EVENT_EXPIRED",
  "PARKED",
  "NOT_SYNCED",
  "BACK_PRESSURE",
  "DUPLICATE_ID",
  "STORE_FULL",
  "NO_ROOM",
  "STOPPING",
] as const;

export const COMPONENTS: Readonly<Record<string, Schema>> = {
  Text: { type: "string" },
  CloudEvent: {
    type: "object",
    description: "A CloudEvents 1.0 event in structured mode; extensions are further members.",
    properties: {
      specversion: { const: "1.0" },
      id: text("Unique together with the source."),
      source: text("URI reference of what the event comes from."),
      type: text("What happened; the topic unless the extension `topic` says otherwise."),
      topic: text("Extension: the routing key."),
      subject: text("What of the source it is about."),
      time: time("When it happened."),
      datacontenttype: text("Media type of the data."),
      dataschema: text("URI of the schema of the data."),
      expirytime: time("Extension: after this the event is delivered no more."),
      data: { description: "Any JSON value; its text is kept byte for byte." },
      data_base64: text("Data that is no JSON."),
    },
    required: ["specversion", "id", "source", "type"],
    additionalProperties: { type: ["string", "integer", "boolean", "null"] },
  },
  Receipt: object({
    cluster: text("Cluster that accepted the event."),
    epoch: count("Incarnation of its store."),
    sequence: count("Number of the event there, from 1."),
    position: count("Place in its log."),
    duplicate: flag("The event had been accepted before; this is its first receipt."),
  }, ["duplicate"]),
  BatchReceipt: object({ accepted: count("Events in the batch."), receipts: listOf(ref("Receipt")) }),
  SubscriptionRequest: fromValibot(SubscriptionSchema),
  SubscriptionPatch: fromValibot(PatchSchema),
  Seek: fromValibot(SeekSchema),
  Pull: fromValibot(PullSchema),
  Settlement: fromValibot(AckSchema),
  Redrive: fromValibot(RedriveSchema),
  Subscription: {
    allOf: [
      ref("SubscriptionRequest"),
      object({
        id: text("Name of the subscription."),
        replay: { const: "local", description: "`since` replays the log of this cluster." },
        createdAt: time("When it was made; a replacement keeps it."),
        status: ref("SubscriptionStatus"),
        missing: listOf(text("With ready=mesh: a cluster that does not know the interest yet.")),
      }, ["missing"]),
    ],
    description: "Every default filled in, secrets left out.",
  },
  SubscriptionStatus: object({
    state: oneOf("active", "paused", "failing", "expired"),
    cursor: text("Everything up to here is settled."),
    position: count("The same as a position in the log."),
    lag: count("Events still to come, those that are under way included."),
    lagAtMost: flag("Whether lag is an upper bound: so many wait that the node has not looked at all of them."),
    oldestAgeMs: count("Age of the oldest event that is not settled, ms."),
    inFlight: count("Events handed out and not answered for."),
    heldBack: count("Ordered: events that wait until what their origin published before them is here."),
    waitsFor: orNull(object({
      origin: text("The cluster in which they were published."),
      epoch: count("Its epoch."),
      from: count(
        "First number of the origin that is missing; 0: it has yet to say whether anything older is under way.",
      ),
      to: count("Last one."),
    })),
    delivered: count("Events acknowledged."),
    failed: count("Failed attempts."),
    deadLettered: count("Events that failed all attempts."),
    filtered: count("Events that the filters stopped."),
    expired: count("Events whose time to live was over first."),
    evicted: count("Events that retention removed first."),
    lastError: orNull(text("Why the last attempt failed.")),
  }),
  PulledEvents: object({
    events: listOf(object({
      ackId: text("Names the event and the attempt; send it to ack."),
      attempt: count("1 for the first."),
      event: ref("CloudEvent"),
    })),
  }),
  Settled: object({
    acknowledged: count("Events that will not come again, repeated acknowledgements included; durable."),
    nacked: count("Events that come again."),
    extended: count("Leases that began anew."),
    stale: listOf(object({
      ackId: text("Had no effect."),
      reason: {
        ...oneOf("UNKNOWN", "GONE", "LEASE_OVER"),
        description:
          "No pull of this subscription gave it; its event is no longer kept; a nack or extension came too late.",
      },
      detail: text("For people."),
    })),
  }),
  LogEntry: object({
    position: count("Place in the log."),
    cursor: text("The same, for `since` and `after`."),
    topic: text("Routing key."),
    acceptedAt: time("When the cluster accepted it."),
    receipt: ref("Receipt"),
    event: ref("CloudEvent"),
  }),
  Topic: object({
    topic: text("Routing key."),
    events: count("Events since the node started."),
    ratePerSecond: { type: "number", description: "Over the last ten seconds." },
    lastAt: time("When the last one was accepted."),
  }),
  Route: object({
    pattern: text("Topics that take it."),
    destination: text("Cluster that wants them."),
    nextHop: orNull(text("Cluster that gets them first; null for this one's own.")),
    path: listOf(text("Cluster on the way, this one first.")),
    cost: orNull(count("0 here; null while there is no path.")),
    state: oneOf("local", "active", "alternate", "parked"),
    ageMs: count("How long the pattern is known to be wanted there, ms."),
    origin: text("Cluster that announced it."),
    reason: text("LOCAL_SUBSCRIBER here; else why this way, for people."),
    alternate: orNull(text("Next hop when the first fails.")),
    lanes: {
      ...listOf(object({
        lane: oneOf("high", "normal", "bulk"),
        nextHop: orNull(text("As above, for events of the lane.")),
        path: listOf(text("Cluster on the way, this one first.")),
        cost: orNull(count("null while there is no path.")),
        state: oneOf("active", "alternate", "parked"),
        reason: text("Why this way, for people."),
        alternate: orNull(text("Next hop when the first fails.")),
      })),
      description: "Lanes whose events go another way, by federation.tagCosts; left out where none does.",
    },
  }, ["lanes"]),
  Explanation: object({
    topic: text("Routing key of the event."),
    destinations: listOf(object({
      cluster: text("Who gets it."),
      path: listOf(text("Cluster on the way.")),
      cost: orNull(count("0 here; null without a path.")),
      class: orNull(oneOf("custody", "best-effort")),
      state: oneOf("local", "active", "alternate", "parked", "dropped"),
      reason: text("A stable code."),
      detail: text("For people."),
      subscriptions: listOf(object({
        id: orNull(text("Subscription; null: the cluster did not answer in time.")),
        group: orNull(text("Its group.")),
        match: orNull(flag("null: the cluster did not answer in time.")),
      })),
      streams: orNull(count("Streams that get it there; null: the cluster did not say it.")),
    })),
    stopped: listOf(object({
      where: text("Cluster."),
      subscription: orNull(text("null: it is about the whole cluster.")),
      reason: oneOf(...STOP_REASONS),
      detail: text("For people."),
    })),
    warnings: listOf(
      object({
        reason: oneOf("GROUP_CONFLICT"),
        group: text("That clusters define in different ways: each definition gets its own copy."),
        clusters: listOf(text("Cluster that has one of them.")),
        detail: text("For people."),
      }),
    ),
  }),
  ...MESH_COMPONENTS,
  DeadLetter: object({
    id: text("In order of death."),
    subscription: text("At which it failed."),
    reason: text("A stable code."),
    detail: text("For people."),
    attempts: count("How often it was tried."),
    lastResponse: orNull(object({
      status: count("HTTP status."),
      headers: { type: "object", additionalProperties: { type: "string" } },
      body: text("Its first 4 KiB."),
    })),
    topic: text("Routing key."),
    position: count("Place in the log."),
    at: time("When it failed for the last time."),
    event: ref("CloudEvent"),
  }),
  Problem: {
    type: "object",
    description:
      "RFC 9457. Further members say where the mistake is: `path`, `position`, `attribute`, `limit`, `errors` …",
    properties: {
      type: text("`urn:weft:error:<code>`"),
      code: text("Stable; the list is in docs/errors.md."),
      title: text("The same for every occurrence."),
      status: count("HTTP status."),
      detail: text("What happened, with the value, why, and what to do."),
    },
    required: ["type", "code", "title", "status", "detail"],
  },
};

/** What a client may send; checks that JSON Schema cannot express are left to the node. */
function fromValibot(schema: GenericSchema): Schema {
  const { $schema: _dialect, ...rest } = toJsonSchema(schema, { typeMode: "input", errorMode: "ignore" });
  return rest;
}
