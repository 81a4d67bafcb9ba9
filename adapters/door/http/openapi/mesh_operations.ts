/** Looking into the mesh, as the API's description tells it. */

import { json, type Operation } from "./operation.ts";
import { pageOf, ref } from "./schema.ts";
import { AFTER, LIMIT } from "./subscription_operations.ts";

export const MESH_OPERATIONS: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/clusters",
    id: "listClusters",
    tag: "mesh",
    summary: "Clusters known, and the way to each",
    scope: "authenticated",
    parameters: [LIMIT, AFTER],
    answers: { 200: json(pageOf("clusters", ref("Cluster")), "By name, this one among them.") },
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
    parameters: [LIMIT, AFTER],
    answers: { 200: json(pageOf("interest", ref("Interest")), "By cluster, this one among them.") },
  },
];
