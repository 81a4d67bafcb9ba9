/** Metrics of the mesh as one node sees it: links, what waits for them, clusters, and the equation. */

import {
  type Federation,
  ledgerEntries,
  type LinkView,
  listLinks,
  parkedFor,
  unbalancedPairs,
} from "../../federation/mod.ts";
import { counter, gauge, type MetricDefinition, type Sample } from "../telemetry/mod.ts";

/** Labels are neighbours, of which a cluster has few; destinations are not, for there may be thousands. */
export function federationMetrics(federation: Federation): MetricDefinition[] {
  return [
    ...linkMetrics(federation),
    ...meshMetrics(federation),
    ...ledgerMetrics(federation),
    ...bestEffortMetrics(federation),
  ];
}

function linkMetrics(federation: Federation): MetricDefinition[] {
  const links = () => listLinks(federation).filter(({ peer }) => peer !== null);
  const perLane = (value: (lane: LinkView["lanes"][number]) => number) => () =>
    links().flatMap(({ peer, lanes }) =>
      lanes.map((lane): Sample => ({ labels: { peer: peer!, lane: lane.lane }, value: value(lane) }))
    );
  return [
    ...labelled(["peer"], [
      gauge(
        "weft_mesh_link_up",
        "Whether the link with a neighbour is up.",
        () => links().map(({ peer, state }) => ({ labels: { peer: peer! }, value: state === "up" ? 1 : 0 })),
      ),
      gauge(
        "weft_mesh_link_rtt_seconds",
        "Smoothed round trip of a link that is up.",
        () =>
          links().flatMap(({ peer, rttMs }) =>
            rttMs === null ? [] : [{ labels: { peer: peer! }, value: rttMs / 1000 }]
          ),
      ),
      counter(
        "weft_mesh_link_downs_total",
        "Times that a link went down.",
        () => links().map(({ peer, downs }) => ({ labels: { peer: peer! }, value: downs })),
      ),
    ]),
    ...labelled(["peer", "lane"], [
      gauge("weft_mesh_queued_events", "Events that wait to be sent to a neighbour.", perLane(({ queued }) => queued)),
      gauge("weft_mesh_queued_bytes", "Their bytes.", perLane(({ queuedBytes }) => queuedBytes)),
      gauge(
        "weft_mesh_aside_events",
        "Events kept aside, since a neighbour holds much for their destination already.",
        perLane(({ aside }) => aside),
      ),
      gauge(
        "weft_mesh_unacknowledged_events",
        "Events sent to a neighbour that it has not acknowledged.",
        perLane(({ unackedEvents }) => unackedEvents),
      ),
      gauge(
        "weft_mesh_oldest_frame_age_seconds",
        "How long the frame sent first has waited for a neighbour's acknowledgement.",
        perLane(({ waitedMs }) => waitedMs / 1000),
      ),
    ]),
    ...senderMetrics(federation),
  ];
}

type SenderCount = "events" | "bytes" | "retransmitted" | "rewinds" | "refused";

function senderMetrics({ links }: Federation): MetricDefinition[] {
  const perPeer = (count: SenderCount) => () =>
    [...links.neighbours.values()].map(({ peer, senders }): Sample => {
      return { labels: { peer }, value: sum([...senders.values()], (sender) => sender.counts[count]) };
    });
  return labelled(["peer"], [
    counter("weft_mesh_sent_events_total", "Events sent to a neighbour.", perPeer("events")),
    counter("weft_mesh_sent_bytes_total", "Bytes of the frames sent to a neighbour.", perPeer("bytes")),
    counter("weft_mesh_retransmitted_frames_total", "Frames sent once more.", perPeer("retransmitted")),
    counter("weft_mesh_rewinds_total", "Times that a neighbour lost what it had acknowledged.", perPeer("rewinds")),
    counter("weft_mesh_refused_frames_total", "Frames that a neighbour refused.", perPeer("refused")),
  ]);
}

function meshMetrics(federation: Federation): MetricDefinition[] {
  const { topology, departures, intake, custody, accounts, groups, log } = federation;
  const { counts } = intake;
  const parked = () => [...custody.parked.keys()].flatMap((cluster) => parkedFor(federation, cluster) ?? []);
  return [
    gauge(
      "weft_mesh_clusters_reachable",
      "Other clusters to which there is a path.",
      () => topology.table.reachable().length,
    ),
    gauge(
      "weft_mesh_clusters_known",
      "Clusters that told of themselves, this one among them.",
      () => topology.states.size,
    ),
    gauge("weft_mesh_route_version", "Grows with each change of the routes.", () => topology.table.version),
    counter("weft_mesh_route_computations_total", "Full computations of the routes.", () => topology.computations),
    gauge(
      "weft_mesh_undispatched_events",
      "Own events whose destinations have not been found yet.",
      () => Math.max(0, log.head - departures.dispatched),
    ),
    gauge(
      "weft_mesh_parked_events",
      "Events parked for want of a path, once for each destination.",
      () => sum(parked(), ({ events }) => events),
    ),
    gauge("weft_mesh_parked_bytes", "Their bytes.", () => sum(parked(), ({ bytes }) => bytes)),
    gauge(
      "weft_mesh_parked_age_seconds",
      "How long the event parked longest has been.",
      () => parked().reduce((longest, { sinceMs }) => Math.max(longest, sinceMs), 0) / 1000,
    ),
    gauge(
      "weft_mesh_group_conflicts",
      "Groups of this cluster that another cluster defines otherwise: each definition gets its own copy of the events.",
      () => new Set(groups.all.map(({ group }) => group)).size,
    ),
    gauge(
      "weft_mesh_unconverged_neighbours",
      "Neighbours that know other records of the mesh than this node, as they last said: 0 once all is told.",
      () => unconverged(federation),
    ),
    counter(
      "weft_mesh_detours_total",
      "Times that an event was let back onto a path that it had left.",
      () => custody.detours,
    ),
    counter("weft_mesh_received_events_total", "Events of other clusters taken for this one.", () => counts.delivered),
    counter("weft_mesh_duplicates_dropped_total", "Copies of events that were here already.", () => counts.repeats),
    counter(
      "weft_mesh_rejected_events_total",
      "Arrivals that repeated another event's source and id.",
      () => counts.rejected,
    ),
    counter("weft_mesh_expired_events_total", "Arrivals whose time to live was over.", () => counts.expired),
    counter("weft_mesh_refused_for_room_total", "Frames of neighbours refused for want of room.", () => counts.full),
    counter("weft_mesh_receipts_sent_total", "Receipts sent to origins.", () => accounts.receipts.sent),
  ];
}

function unconverged({ links, records }: Federation): number {
  const root = [...records.root].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return sum(
    [...links.neighbours.values()],
    ({ active }) => active?.theirs === undefined || active.theirs.root === root ? 0 : 1,
  );
}

function ledgerMetrics(federation: Federation): MetricDefinition[] {
  const terms = ["accepted", "delivered", "parked", "queued", "expired", "rejected", "evicted"] as const;
  return [
    gauge("weft_mesh_pairs", "Own events once for each destination, by what became of them.", () => {
      const entries = ledgerEntries(federation);
      return terms.map((term) => ({ labels: { term }, value: sum(entries, (entry) => entry[term]) }));
    }),
    gauge(
      "weft_mesh_unbalanced_pairs",
      "Pairs by which the equation fails: accepted is not what was delivered, has ended or waits. Always 0.",
      () => unbalancedPairs(federation),
    ),
  ];
}

/** Counted apart: nobody tells an origin what became of these. */
function bestEffortMetrics({ bestEffort: { tally } }: Federation): MetricDefinition[] {
  const outcomes = ["sent", "forwarded", "arrived", "repeats"] as const;
  return [
    counter(
      "weft_mesh_best_effort_events_total",
      "Best-effort events, once for each destination: own ones sent, others passed on; arrived here, and copies that did not.",
      () => outcomes.map((outcome) => ({ labels: { outcome }, value: tally[outcome] })),
    ),
    ...labelled(["reason"], [
      counter(
        "weft_mesh_best_effort_dropped_total",
        "Best-effort events dropped here, once for each destination, by reason.",
        () => [...tally.dropped].map(([reason, value]) => ({ labels: { reason }, value })),
      ),
    ]),
  ];
}

/** There may be no neighbour yet. */
function labelled(labels: readonly string[], definitions: readonly MetricDefinition[]): MetricDefinition[] {
  return definitions.map((definition) => ({ ...definition, labels }));
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
