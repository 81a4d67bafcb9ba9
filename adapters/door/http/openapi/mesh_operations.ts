/** Looking into the mesh, as the API's description tells it. */

import { json, type Operation } from "./operation.ts";
import { count, flag, listOf, located, object, oneOf, pageOf, PROVENANCE, ref, text } from "./schema.ts";
import { AFTER, LIMIT } from "./subscription_operations.ts";

const CLUSTER = { name: "cluster", in: "query", description: "Only this one." } as const;

export const MESH_OPERATIONS: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/clusters",
    id: "listClusters",
    tag: "mesh",
    summary: "Clusters known, and the way to each",
    scope: "authenticated",
    parameters: [CLUSTER, LIMIT, AFTER],
    answers: { 200: json(pageOf("clusters", ref("Cluster")), "By name, this one among them.") },
  },
  {
    method: "delete",
    path: "/v1/clusters/{cluster}",
    id: "forgetCluster",
    tag: "mesh",
    summary: "Forget a cluster that is gone for good; what is owed to it ends as evicted",
    scope: "admin",
    parameters: [{ name: "cluster", in: "path", description: "Its name." }],
    answers: {
      200: json(
        object({
          forgot: text("The cluster."),
          evicted: count("Events that were owed to it by this cluster."),
          ...PROVENANCE,
        }),
        "It is forgotten everywhere in the mesh.",
      ),
    },
  },
  {
    method: "get",
    path: "/v1/peers",
    id: "listPeers",
    tag: "mesh",
    summary: "Nodes known",
    scope: "authenticated",
    parameters: [LIMIT, AFTER],
    answers: { 200: json(pageOf("peers", ref("Peer")), "By cluster and id, this one among them.") },
  },
  {
    method: "get",
    path: "/v1/links",
    id: "listLinks",
    tag: "mesh",
    summary: "Links with neighbouring clusters, and where each lane of them stands",
    scope: "authenticated",
    parameters: [LIMIT, AFTER],
    answers: { 200: json(pageOf("links", ref("Link")), "By cluster; addresses at which nobody answered yet last.") },
  },
  {
    method: "get",
    path: "/v1/interest",
    id: "listInterest",
    tag: "mesh",
    summary: "What each cluster wants, and how that was summarised",
    scope: "authenticated",
    parameters: [CLUSTER, LIMIT, AFTER],
    answers: { 200: json(pageOf("interest", ref("Interest")), "By cluster, this one among them.") },
  },
  {
    method: "get",
    path: "/v1/trace",
    id: "trace",
    tag: "mesh",
    summary: "What happened to an event, after the fact",
    description: "Clusters on its path are asked, for a second each.",
    scope: "authenticated",
    parameters: [
      { name: "source", in: "query", description: "Of the event.", required: true },
      { name: "id", in: "query", description: "Of the event.", required: true },
    ],
    answers: { 200: json(located(ref("Trace")), "The copy that was published first; others in `copies`.") },
  },
  {
    method: "get",
    path: "/v1/events/{source}/{id}/trace",
    id: "traceEvent",
    tag: "mesh",
    summary: "The same; both names percent-encoded",
    scope: "authenticated",
    parameters: [
      { name: "source", in: "path", description: "Of the event." },
      { name: "id", in: "path", description: "Of the event." },
    ],
    answers: { 200: json(located(ref("Trace")), "The copy that was published first; others in `copies`.") },
  },
  {
    method: "get",
    path: "/v1/ledger",
    id: "ledger",
    tag: "mesh",
    summary: "What became of every event, per destination and per subscription",
    description: "accepted = delivered + parked + queued + expired + rejected + evicted, for each destination.",
    scope: "authenticated",
    parameters: [
      {
        name: "recount",
        in: "query",
        description: "Count what waits in the store, not in memory.",
        schema: oneOf("", "true", "false"),
      },
      LIMIT,
      AFTER,
    ],
    answers: {
      200: json(
        pageOf("entries", ref("LedgerEntry"), {
          subscriptions: listOf(ref("SubscriptionLedgerEntry")),
          bestEffort: ref("BestEffortLedger"),
          balanced: flag("The equation holds for every destination."),
          recounted: flag("What waits was counted in the store."),
        }),
        "By destination.",
      ),
    },
  },
];
