/** The named schemas of what the API tells of the mesh. */

import { count, flag, listOf, object, oneOf, orNull, ref, type Schema, text, time } from "./schema.ts";

export const MESH_COMPONENTS: Readonly<Record<string, Schema>> = {
  Cluster: object({
    cluster: text("Name."),
    reachable: flag("There is a path now."),
    path: listOf(text("Cluster on the way, this one first; empty without a path.")),
    cost: orNull(count("Of the path.")),
    nextHop: orNull(text("null for this cluster, and without a path.")),
    alternate: orNull(text("Next hop if the first fails.")),
    interestVersion: count("Version of what it wants, as far as it is known here; 0: nothing is."),
    lastSeenMs: orNull(count("How long ago it last said something that came here, ms.")),
  }),
  Peer: object({
    id: text("Of the node."),
    cluster: text("Its cluster."),
    state: oneOf("alive", "suspect", "dead", "left"),
    runtime: text("What it runs on."),
    version: text("Of Weft."),
    address: orNull(text("Where other nodes can dial it.")),
    http: orNull(text("Its HTTP door.")),
    since: orNull(time("When the state began, as seen from here.")),
  }),
  Link: object({
    peer: orNull(text("Neighbouring cluster; null: nobody answered at the address yet.")),
    url: orNull(text("Where it is dialled.")),
    state: oneOf("up", "down", "opening"),
    direction: orNull(oneOf("outbound", "inbound")),
    rttMs: orNull({ type: "number", description: "Smoothed round trip; null while there is no link." }),
    cost: orNull(count("As this side reports it.")),
    lanes: listOf(ref("LinkLane")),
    since: orNull(time("When the state began.")),
    lastError: orNull(text("What went wrong last.")),
    downs: count("Times that it went down since the start."),
  }),
  LinkLane: object({
    lane: oneOf("control", "high", "normal", "bulk"),
    queued: count("Events that wait to be sent."),
    queuedBytes: count("Their bytes."),
    oldestAgeMs: count("Age of the event that waits longest for the peer's acknowledgement, ms; 0: none waits."),
    unacked: count("Frames sent and not acknowledged."),
    unackedEvents: count("The events in them."),
    sentSequence: count("Last frame sent in this link epoch."),
    ackedSequence: count("Last frame that the peer acknowledged."),
    receivedSequence: count("Last frame of the peer that is durable here."),
    credit: count("Bytes that may be sent before the next acknowledgement."),
  }),
  Interest: object({
    cluster: text("Who wants it."),
    version: count("Grows with each change."),
    told: count("Wants that it told."),
    standsFor: count("Of how many of its own those were made; more than `told`: it was summarised."),
    wants: listOf(object({
      pattern: text("Topics."),
      durable: flag("It outlives its subscriber."),
      group: text("Competing consumers."),
      groupKey: text("Name and hash of the group's definition."),
      collapsed: count("Of how many wants this one was made."),
      filter: { type: "object", description: "The part of the filter that is asked where events start." },
    }, ["group", "groupKey", "collapsed", "filter"])),
  }),
};
