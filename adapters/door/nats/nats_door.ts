/** The NATS endpoint of a node: listens, greets, keeps the connections. Clients publish and subscribe; nodes link over it. */

import { randomBytes, randomUUID } from "node:crypto";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";

import type { LinkBus } from "../../../federation/mod.ts";
import type { Clock, WeftNode } from "../../../node/mod.ts";
import { ListenError } from "../../runtime/runtime.ts";
import { VERSION } from "../../version.ts";
import type { Authenticator } from "../http/auth/mod.ts";
import type { DoorLimits } from "../http/door_context.ts";
import type { ProblemHooks } from "../http/problems.ts";
import { Admissions, type NkeyConfig } from "./admission.ts";
import { Connection } from "./connection.ts";
import type { Endpoint } from "./endpoint.ts";
import { EventListeners } from "./event_listeners.ts";
import { EventMessages } from "./event_messages.ts";
import { WATCH_EVERY_MS } from "./limits.ts";
import { LiveBroker } from "./live_broker.ts";
import { NatsCounts } from "./nats_counts.ts";
import { OwnBus } from "./own_bus.ts";
import { PagePool } from "./page_pool.ts";
import { type Mesh, RemoteReplies } from "./remote_replies.ts";
import { ReplyAddresses } from "./reply_addresses.ts";
import { type TlsFiles, TlsUpgrade } from "./tls_upgrade.ts";
import { Waker } from "./waker.ts";

export interface NatsDoorContext {
  readonly node: WeftNode;
  readonly limits: Pick<DoorLimits, "bodyBytes" | "headersBytes" | "topicBytes" | "connections">;
  readonly clock: Clock;
  readonly problems: ProblemHooks;
  /** The HTTP door's, for tokens and JWTs; `undefined` where nobody is asked who he is. */
  readonly authenticate: Authenticator | undefined;
}

export interface NatsDoorOptions {
  readonly hostname: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly tls?: TlsFiles;
  readonly nkeys?: readonly NkeyConfig[];
  /** `federation.token`; without one only nodes of this machine may link. */
  readonly federationToken?: string;
  /** A node, or who pretends to be one, could not prove that it belongs to the federation. */
  readonly onRefusedLink?: (remoteAddress: string, reason: string) => void;
  /** How often a silent client is asked whether it is there, ms. Default 120,000, as nats-server has it. */
  readonly pingEveryMs?: number;
}

export interface NatsDoor {
  /** `nats://host:port`, or `tls://…`. */
  readonly url: string;
  readonly port: number;
  /** The node as a client of its own endpoint. */
  readonly bus: LinkBus;
  readonly counts: NatsCounts;
  /** From then on subscribers of other clusters may answer requests. To be called once. */
  joinMesh(mesh: Mesh): void;
  /** Reads no more, lets what was read become durable, tells the clients, closes; within `drainMs`. */
  stop(drainMs: number): Promise<void>;
}

const PING_EVERY_MS = 120_000;

/** Rejects with `ListenError` when the address is taken or not ours; throws `RangeError` for a key that is none. */
export async function openNatsDoor(context: NatsDoorContext, options: NatsDoorOptions): Promise<NatsDoor> {
  const listener = new NatsListener(context, options);
  await listener.listen();
  return listener;
}

class NatsListener implements NatsDoor {
  readonly bus: OwnBus;
  readonly counts = new NatsCounts();
  readonly #options: NatsDoorOptions;
  readonly #endpoint: Endpoint;
  readonly #connectionsMax: number;
  readonly #connections = new Set<Connection>();
  readonly #server: Server;
  readonly #tls: TlsUpgrade | undefined;
  readonly #serverId = randomUUID();
  #clientIds = 0;
  #cancelWatch: (() => void) | undefined;
  #port = 0;
  #stopped: Promise<void> | undefined;

  constructor({ node, limits, clock, problems, authenticate }: NatsDoorContext, options: NatsDoorOptions) {
    this.#options = options;
    this.#connectionsMax = limits.connections;
    this.#tls = options.tls && new TlsUpgrade(options.tls, clock);
    const { nkeys = [], federationToken, pingEveryMs = PING_EVERY_MS, onRefusedLink } = options;
    const links = new LiveBroker();
    const clients = new LiveBroker();
    const replies = new ReplyAddresses(clock);
    this.#endpoint = {
      node,
      clock,
      problems,
      admissions: new Admissions({ authenticate, nkeys, federationToken }),
      counts: this.counts,
      clients,
      links,
      listeners: new EventListeners(),
      messages: new EventMessages(),
      replies,
      remoteReplies: new RemoteReplies({ clock, broker: clients, replies, newId: randomUUID }),
      waker: new Waker(),
      pages: new PagePool(),
      newId: randomUUID,
      payloadBytesMax: limits.bodyBytes,
      headersBytesMax: limits.headersBytes,
      topicBytesMax: limits.topicBytes,
      pingEveryMs,
      onRefusedLink: onRefusedLink ?? (() => undefined),
    };
    this.bus = new OwnBus({
      broker: links,
      payloadBytesMax: limits.bodyBytes,
      bufferedBytes: () => this.#linkBytes(),
    });
    this.#server = createServer((socket) => this.#accept(socket));
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    const { hostname } = this.#options;
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    return `${this.#tls === undefined ? "nats" : "tls"}://${host}:${this.#port}`;
  }

  async listen(): Promise<void> {
    const { hostname, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (cause) => reject(toListenError(hostname, port, cause)));
      this.#server.listen(port, hostname, resolve);
    });
    this.#server.on("error", this.#endpoint.problems.onFailure);
    this.#port = (this.#server.address() as AddressInfo).port;
    this.#watch();
  }

  joinMesh(mesh: Mesh): void {
    this.#endpoint.remoteReplies.join(mesh);
  }

  stop(drainMs: number): Promise<void> {
    return this.#stopped ??= this.#stop(drainMs);
  }

  async #stop(drainMs: number): Promise<void> {
    this.#server.close();
    this.bus.end("the node is stopping");
    const info = this.#info({ ldm: true });
    const drained = Promise.all([...this.#connections].map((connection) => connection.drain(info)));
    await this.#within(drainMs, drained);
    const closed = Promise.all([...this.#connections].map((connection) => {
      connection.end();
      return connection.closed;
    }));
    await this.#within(drainMs, closed);
    for (const connection of [...this.#connections]) connection.close();
    this.#cancelWatch?.();
  }

  async #within(timeoutMs: number, work: Promise<unknown>): Promise<void> {
    let cancel: (() => void) | undefined;
    const late = new Promise<void>((resolve) => cancel = this.#endpoint.clock.after(timeoutMs, resolve));
    await Promise.race([work, late]);
    cancel?.();
  }

  #accept(socket: Socket): void {
    if (this.#connections.size + (this.#tls?.size ?? 0) >= this.#connectionsMax) {
      socket.on("error", () => undefined);
      socket.end("-ERR 'maximum connections exceeded'\r\n");
      return;
    }
    socket.setNoDelay(true);
    const nonce = this.#endpoint.admissions.usesNkeys ? randomBytes(16).toString("base64url") : undefined;
    const remoteAddress = socket.remoteAddress ?? "";
    socket.write(this.#info({ nonce, client_id: ++this.#clientIds, client_ip: remoteAddress }));
    const serve = (stream: Duplex) => this.#serve(stream, { nonce, remoteAddress });
    if (this.#tls === undefined) serve(socket);
    else this.#tls.upgrade(socket, serve);
  }

  #serve(socket: Duplex, caller: { readonly nonce: string | undefined; readonly remoteAddress: string }): void {
    const onClosed = () => this.#connections.delete(connection);
    const connection = new Connection({ endpoint: this.#endpoint, socket, ...caller, onClosed });
    this.#connections.add(connection);
  }

  #info(more: Readonly<Record<string, unknown>>): string {
    const { node, admissions, payloadBytesMax } = this.#endpoint;
    const info = {
      server_id: this.#serverId,
      server_name: node.id,
      version: VERSION,
      weft: VERSION, // whoever dials tells a node from a nats-server by it
      proto: 1,
      host: this.#options.hostname,
      port: this.#port,
      headers: true,
      max_payload: payloadBytesMax,
      auth_required: admissions.required,
      tls_required: this.#tls !== undefined,
      ...more,
    };
    return `INFO ${JSON.stringify(info)}\r\n`;
  }

  #linkBytes(): number {
    let bytes = 0;
    for (const { isLink, outbox } of this.#connections) if (isLink) bytes += outbox.pendingBytes;
    return bytes;
  }

  #watch(): void {
    this.#cancelWatch = this.#endpoint.clock.after(WATCH_EVERY_MS, () => {
      for (const connection of [...this.#connections]) connection.watch();
      this.#watch();
    });
  }
}

function toListenError(hostname: string, port: number, cause: Error): ListenError {
  return new ListenError(
    `Cannot listen on ${hostname}:${port}: ${cause.message}; stop what listens there, or choose another port ` +
      "(--nats-port, --ports)",
    { cause },
  );
}
