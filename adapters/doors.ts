/** Everything through which a node touches others: the NATS endpoint, the links of the mesh, the HTTP door. */

import type { Federation } from "../federation/mod.ts";
import { systemClock, type WeftNode } from "../node/mod.ts";
import type { ResolvedConfig } from "./config/mod.ts";
import { authenticates, createAuthenticator, TicketStore } from "./door/http/auth/mod.ts";
import type { DoorContext } from "./door/http/door_context.ts";
import { isLoopbackHost, readBody } from "./door/http/guard/mod.ts";
import { type HttpDoor, openHttpDoor } from "./door/http/http_door.ts";
import { type Mesh, type NatsDoor, natsMetrics, openNatsDoor } from "./door/nats/mod.ts";
import {
  type ArrivalGate,
  federationMetrics,
  Notices,
  type RunningFederation,
  startFederation,
} from "./federation/mod.ts";
import { dialNats } from "./link/nats/mod.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { HttpCounters, logError, type Logger, LoopLag, Metrics, nodeMetrics, processMetrics } from "./telemetry/mod.ts";
import { readCa, readTls } from "./tls_files.ts";
import { VERSION } from "./version.ts";

export interface DoorsParts {
  readonly config: ResolvedConfig;
  readonly runtime: Runtime;
  readonly log: Logger;
  readonly arrivals: ArrivalGate;
  /** Aborted when the node begins to stop. */
  readonly draining: AbortSignal;
}

export interface OpenDoors {
  readonly http: HttpDoor;
  readonly nats: NatsDoor;
  readonly federation: Federation;
  /** Answers under way finish, then the links close, then the endpoint. */
  stop(drainMs: number): Promise<void>;
}

/** Throws or rejects with `ListenError` or `RangeError`; what was opened before is closed then. */
export async function openDoors(node: WeftNode, parts: DoorsParts): Promise<OpenDoors> {
  const lag = new LoopLag(systemClock);
  const opened: (() => unknown)[] = [() => lag.stop()];
  try {
    const tickets = new TicketStore(() => systemClock.now());
    const counters = new HttpCounters();
    const context = toDoorContext(node, parts, { tickets, counters });
    let joined: Federation | undefined = undefined as Federation | undefined; // links are refused before it has joined, too
    const nats = await openNats(context, parts, (address, reason) => joined?.links.noteTurnedAway(address, reason));
    opened.unshift(() => nats.stop(0));
    const mesh = await joinMesh(node, nats, parts);
    opened.unshift(() => mesh.stop());
    joined = mesh.federation;
    nats.joinMesh(toMesh(mesh.federation));
    const metrics = nodeMetricsOf(node, { nats, federation: mesh.federation, counters, lag, parts });
    const http = await openHttp({ ...context, federation: mesh.federation }, {
      nats,
      tickets,
      counters,
      metrics,
      parts,
    });
    return { http, nats, federation: mesh.federation, stop: (drainMs) => stopAll({ http, nats, mesh, lag }, drainMs) };
  } catch (error) {
    for (const close of opened) await close();
    throw error;
  }
}

async function stopAll(
  { http, nats, mesh, lag }: { http: HttpDoor; nats: NatsDoor; mesh: RunningFederation; lag: LoopLag },
  drainMs: number,
): Promise<void> {
  try {
    await http.stop(drainMs);
  } finally {
    await mesh.stop();
    await nats.stop(drainMs);
    lag.stop();
  }
}

function toDoorContext(
  node: WeftNode,
  { config, log, draining }: DoorsParts,
  { tickets, counters }: { tickets: TicketStore; counters: HttpCounters },
): DoorContext {
  const { limits } = config;
  return {
    node,
    limits,
    draining,
    clock: systemClock,
    problems: {
      onFailure: (error: unknown) => logError(log.getChild("http"), error),
      onProblem: (code: string) => counters.noteProblem(code),
    },
    authenticate: createAuthenticator(config.auth, { tickets, wall: () => systemClock.wall() }),
    readBody: (request) => readBody(request, { bytesMax: limits.bodyBytes, timeoutMs: limits.requestTimeoutMs }),
  };
}

async function openNats(
  context: DoorContext,
  { config }: DoorsParts,
  onRefusedLink: (address: string, reason: string) => void,
): Promise<NatsDoor> {
  const { node, limits, clock, problems, authenticate } = context;
  const door = { node, limits, clock, problems, authenticate: authenticates(config.auth) ? authenticate : undefined };
  return await openNatsDoor(door, {
    hostname: config.nats.host,
    port: config.nats.port,
    tls: readTls(config),
    nkeys: config.auth.nkeys,
    federationToken: config.federation.token,
    onRefusedLink,
  });
}

async function joinMesh(
  node: WeftNode,
  nats: NatsDoor,
  { config, runtime, log, arrivals }: DoorsParts,
): Promise<RunningFederation> {
  const mesh = log.getChild("mesh");
  const notices = new Notices({ node, log: mesh, clock: systemClock });
  return await startFederation({
    config,
    node,
    store: node.store,
    clock: systemClock,
    arrivals,
    endpoint: nats,
    dial: dialNats({ node: node.id, federationToken: config.federation.token, tls: { ca: readCa(config) } }),
    about: { runtime: `${runtime.name} ${runtime.version}`, version: VERSION, http: httpUrlOf(config) },
    onNotice: (notice) => notices.tell(notice),
    onError: (error) => logError(mesh, error),
  });
}

/** Where the HTTP door will be, as far as the configuration says so: the mesh is joined before it opens. */
function httpUrlOf({ http: { host, port }, tls }: ResolvedConfig): string | undefined {
  if (port === 0) return undefined;
  return `${tls?.cert === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function toMesh({ interest, relay }: Federation): Mesh {
  return {
    destinationsOf: (topic, event) => interest.destinationsOf(topic, () => event).map(({ cluster }) => cluster),
    send: (cluster, kind, body) => relay.send(cluster, kind, body),
    handle: (kind, handler) => relay.handle(kind, handler),
  };
}

function nodeMetricsOf(
  node: WeftNode,
  { nats, federation, counters, lag, parts }: {
    nats: NatsDoor;
    federation: Federation;
    counters: HttpCounters;
    lag: LoopLag;
    parts: DoorsParts;
  },
): Metrics {
  const { name, version } = parts.runtime;
  const metrics = new Metrics();
  metrics.add([
    ...nodeMetrics(node),
    ...counters.metrics(),
    ...natsMetrics(nats.counts),
    ...federationMetrics(federation),
    ...lag.metrics(),
    ...processMetrics({ version: VERSION, runtime: name, runtimeVersion: version }),
  ]);
  return metrics;
}

async function openHttp(
  context: DoorContext,
  { nats, tickets, counters, metrics, parts: { config, runtime } }: {
    nats: NatsDoor;
    tickets: TicketStore;
    counters: HttpCounters;
    metrics: Metrics;
    parts: DoorsParts;
  },
): Promise<HttpDoor> {
  let url = "";
  const door = await openHttpDoor(runtime, context, {
    hostname: config.http.host,
    port: config.http.port,
    tls: readTls(config),
    guard: {
      boundHost: config.http.host,
      allowedHosts: config.http.allowedHosts,
      allowedOrigins: config.cors.origins,
      counters,
      problems: context.problems,
    },
    onLoopback: isLoopbackHost(config.http.host),
    tickets,
    metrics,
    about: {
      version: VERSION,
      runtime: `${runtime.name} ${runtime.version}`,
      doors: () => ({ http: url, nats: nats.url }),
    },
  });
  url = door.url;
  return door;
}
