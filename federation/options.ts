/** What a federation can be told. Parsed where the node's configuration is; here are the meanings and the defaults. */

import type { Lane } from "./link/codec/mod.ts";

/** `best-effort`: crosses links at once and once, and may be lost there; outside of G1 and G6, and counted apart. */
export type TrafficClass = "custody" | "best-effort";

/** Sends what fits a pattern over a lane, and in a class. The first rule that fits holds. */
export interface TrafficRule {
  readonly pattern: string;
  readonly lane: Exclude<Lane, "control">;
  /** Default `custody`. */
  readonly class?: TrafficClass;
}

/**
 * What a link with a tag costs more, for the events of some lanes. The first rule of a tag and a lane holds. All clusters should be
 * given the same rules: where they differ, an event may have to be parked until a path is found that all of its way agree on.
 */
export interface TagCost {
  readonly tag: string;
  /** Whole, from 0, added as ms of round trip are; `Infinity`: the events never take such a link. */
  readonly cost: number;
  /** Default: all lanes of events. */
  readonly lanes?: readonly Exclude<Lane, "control">[];
}

/** A link as its owner wants it: by URL, with what it costs. */
export interface LinkSetting {
  readonly url: string;
  /** Added to the measured round trip in ms. Higher is used later. Default 0. */
  readonly cost?: number;
  readonly tags?: readonly string[];
  /** What the URL must lead to: `direct`, a node; `broker`, a nats-server that both ends dial. Default: either. */
  readonly via?: "direct" | "broker";
}

export interface FederationOptions {
  /** Name of the federation; only nodes that say the same meet. */
  readonly name: string;
  /** Of this process: random, never used again. */
  readonly instance: string;
  /** URLs to join by; enough without a registry. */
  readonly join: readonly string[];
  readonly links: readonly LinkSetting[];
  readonly traffic: readonly TrafficRule[];
  readonly tagCosts?: readonly TagCost[];
  /** URLs of neighbours of earlier runs: tried when nobody else can be found. */
  readonly cached: readonly string[];
  /** What the cluster says of this node. */
  readonly about: { readonly runtime: string; readonly version: string; readonly http?: string };
  /** Where others reach this node's endpoint, if it has one. */
  readonly url?: string;
  /**
   * What happens when events that are parked for one cluster take their share of the store: the oldest end as evicted, and
   * are counted; or nothing, until there is no room and publishers are refused. Default `evict-oldest`.
   */
  readonly overflow?: "evict-oldest" | "block";
  /** How long durable wants of this cluster are held while it cannot be reached, ms. Default 72 h; 1 h for a random id. */
  readonly holdMs?: number;
}

/** Of the store's cap, for each destination (design, "park budget"). */
export const PARK_BUDGET_SHARE = 0.1;
export const HOLD_MS = 72 * 3_600_000;
/** Entries and bytes of interest that are told to the mesh (design §5). */
export const INTEREST_ENTRIES_MAX = 4096;
export const INTEREST_BYTES_MAX = 256 * 1024;
/** A link-state record lives this long after its cluster fell silent. */
export const TOPOLOGY_LIFETIME_MS = 1_800_000;
/** Live wants of a cluster that cannot be reached linger, so that its streams can resume. */
export const LIVE_LINGER_MS = 300_000;
/** Dispatch waits this long for what others want, when nothing is known yet. */
export const SYNC_WAIT_MS = 5000;
