/** Why two nodes do not speak with each other, or no longer as before. Codes are stable; an operator can look them up. */

/** What is wrong and what to do, for each code. A refusal's own `detail` names the nodes and values. */
export const REASONS = {
  SELF: "The address leads back to this very node. Take it out of the join list or the registry.",
  FEDERATION_MISMATCH: "The two belong to federations of different names. Give both the same federation.name.",
  VERSION_INCOMPATIBLE:
    "They have no version of the link protocol in common. Upgrade the older one, one version at a time.",
  DUPLICATE_NODE: "Two processes run under one node id of one cluster. Stop one, or give it a node.id of its own.",
  DUPLICATE_CLUSTER: "Two meshes of nodes call themselves the same cluster. Give one of them another node.cluster.",
  CLUSTER_NEEDS_SHARED_STORE:
    "Several nodes name one cluster but each has a store of its own. Give each a cluster of its own, or all of them one shared store.",
  QUARANTINED:
    "Another process goes first for that cluster. Stop one of the two; a copied data directory has to be emptied.",
  CLOCK_JUMP:
    "A peer's boot counter or wall clock went back. Nothing is decided by it; look whether its data directory was restored.",
  TOKEN_REFUSED: "The token was not accepted. Give both the same federation.token.",
  PEER_ROLLED_BACK:
    "The peer's store lost frames that it had acknowledged, more than are kept here. What was lost is listed as evicted.",
  FRAME_REFUSED:
    "The peer refused a frame. The link begins a new epoch; if it goes on, compare the versions of the two.",
  HELLO_UNREADABLE:
    "What came as HELLO is none. Something else publishes on the link's subjects; look at their permissions.",
  MEET_UNREADABLE:
    "What came as MEET is none. Something else publishes on the mesh's subjects; look at their permissions.",
} as const;

export type ReasonCode = keyof typeof REASONS;

/** A code with what it is about this time, for people. */
export interface Reason {
  readonly code: ReasonCode;
  readonly detail: string;
}
