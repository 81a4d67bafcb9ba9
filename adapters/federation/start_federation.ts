/** Joins a running node to its mesh: the federation over the node's own store, endpoint and network. */

import { randomBytes } from "node:crypto";

import { type DialBus, Federation, type FederationNotice, type LinkBus, sayFarewell } from "../../federation/mod.ts";
import { type Clock, type EventStore, type WeftNode } from "../../node/mod.ts";
import type { ResolvedConfig } from "../config/mod.ts";
import { answerQuestions } from "./answer_questions.ts";
import type { ArrivalGate } from "./arrival_gate.ts";
import { createCustodyLog } from "./custody_log.ts";
import { createLocalCluster } from "./local_cluster.ts";
import { NeighbourCache } from "./neighbour_cache.ts";
import { watchParked } from "./park_watch.ts";
import { systemWorld } from "./system_world.ts";

export interface FederationContext {
  readonly config: ResolvedConfig;
  readonly node: WeftNode;
  readonly store: EventStore;
  readonly clock: Clock;
  /** Through which the node asks for the order of arrivals. */
  readonly arrivals: ArrivalGate;
  /** The node's own endpoint, met in-process, and where others dial it. */
  readonly endpoint: { readonly bus: LinkBus; readonly url: string } | undefined;
  readonly dial: DialBus;
  /** What the cluster says of this node. */
  readonly about: { readonly runtime: string; readonly version: string; readonly http?: string };
  readonly onNotice: (notice: FederationNotice) => void;
  readonly onError: (error: unknown) => void;
}

export interface RunningFederation {
  readonly federation: Federation;
  /** Tells the mesh that this node goes, closes the links and writes down what is only in memory. */
  stop(): Promise<void>;
}

/** An id that was made up holds what it wants of others an hour, not three days: it may never come back. */
const RANDOM_ID_HOLD_MS = 3_600_000;

export async function startFederation(context: FederationContext): Promise<RunningFederation> {
  const { config, node, store, clock, arrivals, endpoint, dial, about, onNotice, onError } = context;
  const cache = new NeighbourCache(config.dataDir, onError);
  const parts = {
    world: systemWorld(clock),
    log: createCustodyLog(store),
    local: createLocalCluster(node),
    dial,
    wall: () => clock.wall(),
    onNotice,
    onNeighbour: (url: string) => cache.add(url),
    onError,
  };
  const federation = await new Promise<Federation>((resolve, reject) =>
    Federation.open(parts, {
      name: config.federation.name,
      instance: randomBytes(9).toString("base64url"),
      join: config.federation.join,
      links: config.federation.links,
      traffic: config.traffic.map(({ lane = "normal", ...rule }) => ({ ...rule, lane })),
      tagCosts: config.federation.tagCosts.map(({ cost, ...rule }) => ({
        ...rule,
        cost: cost === "never" ? Infinity : cost,
      })),
      cached: cache.urls,
      overflow: config.federation.overflow,
      about,
      url: endpoint?.url,
      holdMs: config.node.id === undefined ? RANDOM_ID_HOLD_MS : undefined,
    }, (error, opened) => opened === undefined ? reject(error) : resolve(opened))
  );
  node.addNeeded(() => federation.needed);
  node.learnGroups((name) => federation.groups.elsewhere(name));
  arrivals.open(federation.accounts.order);
  answerQuestions(federation, node, onError);
  if (endpoint !== undefined) federation.attach(endpoint.bus);
  federation.start();
  const stopWatching = watchParked({ federation, store, clock, onNotice });
  return {
    federation,
    stop: async () => {
      stopWatching();
      await new Promise<void>((resolve) => sayFarewell(federation, resolve));
      await new Promise<void>((resolve) => federation.stop(resolve));
    },
  };
}
