/** The composition root: a configuration becomes a running node. Read it top to bottom. */

import { randomUUID } from "node:crypto";
import process from "node:process";

import type { Federation } from "../federation/mod.ts";
import { type EventStore, systemClock, WeftNode } from "../node/mod.ts";
import type { ResolvedConfig } from "./config/mod.ts";
import { isLoopbackHost } from "./door/http/guard/mod.ts";
import { type OpenDoors, openDoors } from "./doors.ts";
import { ArrivalGate } from "./federation/mod.ts";
import { resolveNodeId } from "./node_identity.ts";
import { detectRuntime } from "./runtime/detect.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { createSinkFactory } from "./sink/mod.ts";
import { createLogger, logError, type Logger } from "./telemetry/mod.ts";
import { VERSION } from "./version.ts";

/** What the node says when it is ready. */
export interface ReadyInfo {
  readonly event: "ready";
  readonly http: string;
  readonly nats: string;
  readonly node: string;
  readonly cluster: string;
  readonly federation: string;
  readonly version: string;
  readonly runtime: string;
  readonly pid: number;
  readonly dataDir: string;
  readonly store: string;
}

export interface RunningNode extends AsyncDisposable {
  readonly ready: ReadyInfo;
  readonly node: WeftNode;
  readonly federation: Federation;
  readonly log: Logger;
  /** Stops accepting, finishes what is under way, writes everything down. Idempotent. */
  stop(): Promise<void>;
}

/** Throws `StoreOpenError`, `ListenError` or `RangeError` with what to do; nothing is left behind then. */
export async function startNode(config: ResolvedConfig): Promise<RunningNode> {
  const runtime = await detectRuntime();
  const log = createLogger(config.log);
  const id = await resolveNodeId({ id: config.node.id, dataDir: config.dataDir });
  const cluster = config.node.cluster ?? id;
  const store = await openStore(config, { cluster, log });
  try {
    return await startOn(store, { config, runtime, log, id, cluster });
  } catch (error) {
    await store.close();
    throw error;
  }
}

interface Parts {
  readonly config: ResolvedConfig;
  readonly runtime: Runtime;
  readonly log: Logger;
  readonly id: string;
  readonly cluster: string;
}

async function startOn(store: EventStore, parts: Parts): Promise<RunningNode> {
  const { config, log, id, cluster } = parts;
  const arrivals = new ArrivalGate(cluster);
  const node = await WeftNode.open({
    store,
    clock: systemClock,
    sinks: createSinkFactory({
      allow: config.sinks.allow,
      allowLoopback: isLoopbackHost(config.http.host),
      origin: id,
    }),
    random: Math.random,
    newId: () => `sub-${randomUUID()}`,
    onError: (error) => logError(log, error),
    arrivalOrder: arrivals,
  }, {
    id,
    cluster,
    federation: config.federation.name,
    eventBytesMax: config.limits.eventBytes,
    topicBytesMax: config.limits.topicBytes,
    publishWindow: config.publishWindow,
  });
  tellHowItOpened(store, log);
  const draining = new AbortController();
  const doors = await openDoors(node, { ...parts, arrivals, draining: draining.signal }).catch(async (error) => {
    await node.stop(0); // it has begun to deliver
    throw error;
  });
  let stopped: Promise<void> | undefined;
  const stop = () => stopped ??= drain(node, doors, draining, config.drainMs);
  const { federation } = doors;
  return { ready: toReadyInfo(doors, parts), node, federation, log, stop, [Symbol.asyncDispose]: stop };
}

/** A store's code, and its client's, is loaded only where it is used. */
async function openStore(
  { store, dataDir, retention }: ResolvedConfig,
  { cluster, log }: { cluster: string; log: Logger },
): Promise<EventStore> {
  const options = { cluster, bytesMax: store.maxBytes, overflow: store.overflow, retention };
  switch (store.kind) {
    case "memory":
      return await (await import("./store/memory.ts")).openMemoryStore(options);
    case "sqlite":
      return await (await import("./store/sqlite.ts")).openSqliteStore({
        ...options,
        dataDir,
        onFailure: (error) => logError(log, error, "fatal"),
      });
  }
  throw store.kind satisfies never;
}

/** In this order: no new work, streams end, answers under way finish, links close, deliveries finish, all is written. */
async function drain(node: WeftNode, doors: OpenDoors, draining: AbortController, drainMs: number): Promise<void> {
  node.beginDrain();
  draining.abort();
  try {
    await doors.stop(drainMs);
  } finally {
    await node.stop(drainMs);
  }
}

function tellHowItOpened({ incarnation, capabilities }: EventStore, log: Logger): void {
  if (incarnation.opened === "restored") {
    log.warn("the store was restored from a backup: what came after it may be delivered again");
  }
  if (!capabilities.durable) log.warn("the store is in memory: events are gone when the node stops; for tests only");
}

function toReadyInfo({ http, nats }: OpenDoors, { config, runtime, id, cluster }: Parts): ReadyInfo {
  return {
    event: "ready",
    http: http.url,
    nats: nats.url,
    node: id,
    cluster,
    federation: config.federation.name,
    version: VERSION,
    runtime: `${runtime.name} ${runtime.version}`,
    pid: process.pid,
    dataDir: config.dataDir,
    store: config.store.kind,
  };
}
