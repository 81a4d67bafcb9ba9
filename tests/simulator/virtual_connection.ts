/**
 * A client's connection to a broker on another machine: two byte streams each way, control and data. Either side may
 * close it, or die, with or without the other learning of it.
 */

import { crc32 } from "node:zlib";

import type { BusMessage, LinkBus } from "../../federation/mod.ts";
import {
  type BrokerClient,
  OpenRequests,
  PAYLOAD_BYTES_MAX,
  SubscriptionTable,
  type VirtualBroker,
} from "./virtual_broker.ts";
import type { Boot } from "./virtual_host.ts";
import type { Breakable, VirtualNetwork } from "./virtual_network.ts";
import { Pipe } from "./virtual_path.ts";

/** What the network stack takes before a writer has to wait. */
const SOCKET_BYTES = 256 * 1024;
/** A reader that is so far behind is cut off. */
const BACKLOG_BYTES_MAX = 16 * 1024 * 1024;

type Kind = "control" | "data";
type Streams = Readonly<Record<Kind, Pipe>>;
type Side = "client" | "server";

/** Frames have a connection of their own, so that they do not delay hellos. */
function kindOf(subject: string): Kind {
  return subject.includes(".rx.") || subject.includes(".out.") ? "data" : "control";
}

export class VirtualConnection implements Breakable {
  readonly ends: readonly [client: string, server: string];
  readonly network: VirtualNetwork;
  readonly bus: DialledBus;
  readonly #boots: Readonly<Record<Side, Boot>>;
  readonly #streams: Readonly<Record<Side, Streams>>;
  readonly #server: RemoteClient;
  readonly #closed: Record<Side, boolean> = { client: false, server: false };
  /** By subject: a connection sees few. */
  readonly #kinds = new Map<string, Kind>();

  constructor(network: VirtualNetwork, client: Boot, broker: VirtualBroker, url: string) {
    this.network = network;
    this.#boots = { client, server: broker.boot };
    this.ends = [client.host.name, broker.boot.host.name];
    const [from, to] = this.ends;
    const streams = (a: string, b: string): Streams => ({
      control: new Pipe(network.path(a, b), network.scheduler, network.dice()),
      data: new Pipe(network.path(a, b), network.scheduler, network.dice()),
    });
    this.#streams = { server: streams(from, to), client: streams(to, from) };
    this.bus = new DialledBus(this, url);
    this.#server = new RemoteClient(this, broker);
    network.addConnection(this);
    client.onEnd(() => this.#died("client"));
    broker.boot.onEnd(() => this.#died("server"));
  }

  get server(): RemoteClient {
    return this.#server;
  }

  get clientBoot(): Boot {
    return this.#boots.client;
  }

  /** Sends to a side; `work` happens there. */
  send(to: Side, subject: string, payload: Uint8Array | undefined, work: () => void): void {
    if (this.#closed[other(to)]) return;
    const pipe = this.#streams[to][this.#kindOf(subject)];
    const bytes = (payload?.length ?? 0) + subject.length + 16;
    pipe.send(bytes, () =>
      this.#arrive(to, pipe, bytes, () => {
        this.network.trace.note(subject, this.#boots[to].host.name, payload === undefined ? 0 : crc32(payload));
        work();
      }));
    if (pipe.underWay > BACKLOG_BYTES_MAX) {
      this.close(other(to), "slow consumer: too much is waiting for the other side");
    }
  }

  /** Sends what the connection itself has to say: it is never lost alone. */
  say(to: Side, work: () => void): void {
    if (this.#closed[other(to)]) return;
    this.#say(to, work);
  }

  buffered(to: Side): number {
    const { control, data } = this.#streams[to];
    return Math.max(0, control.underWay + data.underWay - SOCKET_BYTES);
  }

  close(side: Side, reason: string): void {
    if (this.#closed[side]) return;
    this.#end(side, reason);
    this.#say(other(side), () => this.#end(other(side), "closed by the other side"));
  }

  reset(reason: string): void {
    for (const side of ["client", "server"] as const) {
      this.network.scheduler.after(0, () => this.#boots[side].run(() => this.#end(side, reason)));
    }
  }

  isClosed(side: Side): boolean {
    return this.#closed[side];
  }

  /** Later, in the process of a side. */
  defer(side: Side, work: () => void): void {
    const boot = this.#boots[side];
    boot.host.after(boot, 0, work);
  }

  #kindOf(subject: string): Kind {
    let kind = this.#kinds.get(subject);
    if (kind === undefined) this.#kinds.set(subject, kind = kindOf(subject));
    return kind;
  }

  #say(to: Side, work: () => void): void {
    const pipe = this.#streams[to].control;
    pipe.sendSurely(() => this.#arrive(to, pipe, 0, work));
  }

  #arrive(to: Side, pipe: Pipe, bytes: number, work: () => void): void {
    const boot = this.#boots[to];
    if (!boot.alive) return this.#nobody(to);
    boot.run(() => {
      pipe.taken(bytes);
      if (!this.#closed[to]) work();
    });
  }

  /** A machine answers for a process that is gone, if it has power. */
  #nobody(to: Side): void {
    if (!this.#boots[to].host.powered) return;
    const from = other(to);
    this.#say(from, () => this.#end(from, "connection reset: the process there is gone"));
  }

  #died(side: Side): void {
    if (this.#closed[side]) return;
    this.#closed[side] = true;
    if (side === "server") this.#server.detach();
    if (this.#boots[side].host.powered) {
      this.#say(other(side), () => this.#end(other(side), "connection reset: the process there ended"));
    }
    if (this.#closed[other(side)]) this.#forget();
  }

  #end(side: Side, reason: string): void {
    if (this.#closed[side]) return;
    this.#closed[side] = true;
    this.network.trace.note("closed", this.#boots[side].host.name, reason);
    if (side === "client") this.bus.ended(reason);
    else this.#server.detach();
    if (this.#closed[other(side)]) this.#forget();
  }

  #forget(): void {
    this.network.removeConnection(this);
    for (const { control, data } of Object.values(this.#streams)) {
      control.close();
      data.close();
    }
  }
}

function other(side: Side): Side {
  return side === "client" ? "server" : "client";
}

/** The client's end. */
class DialledBus implements LinkBus {
  readonly name: string;
  readonly dialled = true;
  readonly payloadBytesMax = PAYLOAD_BYTES_MAX;
  readonly #connection: VirtualConnection;
  readonly #subscriptions = new SubscriptionTable();
  readonly #requests = new OpenRequests();
  #reason: string | undefined;
  #onClosed: ((reason: string) => void)[] = [];
  #closed = false;

  constructor(connection: VirtualConnection, url: string) {
    this.#connection = connection;
    this.name = url;
  }

  get bufferedBytes(): number {
    return this.#connection.buffered("server");
  }

  publish(subject: string, payload: Uint8Array): void {
    if (this.#closed) return;
    const copy = payload.slice();
    this.#connection.send("server", subject, copy, () => this.#connection.server.route(subject, copy, undefined));
  }

  request(
    subject: string,
    payload: Uint8Array,
    _options: { readonly expectedLastSequence?: number },
    done: (answer: Uint8Array | undefined) => void,
  ): void {
    if (this.#closed) return;
    const copy = payload.slice();
    const id = this.#requests.add(done);
    const answer = (reply: Uint8Array | undefined): void =>
      this.#connection.send("client", subject, reply, () => this.#requests.answer(id, reply));
    this.#connection.send("server", subject, copy, () => this.#connection.server.route(subject, copy, answer));
  }

  subscribe(pattern: string, listener: (message: BusMessage) => void): () => void {
    if (this.#closed) return () => {};
    const remove = this.#subscriptions.add(pattern, listener);
    const { server } = this.#connection;
    this.#connection.say("server", () => server.subscribe(pattern));
    return () => {
      remove();
      this.#connection.say("server", () => server.unsubscribe(pattern));
    };
  }

  deliver(subject: string, payload: Uint8Array, respond: ((payload: Uint8Array) => void) | undefined): void {
    const back = respond &&
      ((answer: Uint8Array): void => {
        const copy = answer.slice();
        this.#connection.send("server", subject, copy, () => respond(copy));
      });
    for (const listener of this.#subscriptions.listeners(subject)) listener({ subject, payload, respond: back });
  }

  onClosed(listener: (reason: string) => void): void {
    if (this.#reason !== undefined) listener(this.#reason);
    else this.#onClosed.push(listener);
  }

  close(): void {
    if (this.#closed) return;
    this.#onClosed = [];
    this.#connection.close("client", "closed here");
  }

  ended(reason: string): void {
    this.#closed = true;
    this.#reason = reason;
    this.#subscriptions.clear();
    this.#connection.defer("client", () => this.#requests.fail());
    for (const listener of this.#onClosed) listener(reason);
    this.#onClosed = [];
  }
}

/** The broker's end. */
class RemoteClient implements BrokerClient {
  readonly #connection: VirtualConnection;
  readonly #broker: VirtualBroker;
  readonly #patterns: string[] = [];
  #subscriptions = new SubscriptionTable();

  constructor(connection: VirtualConnection, broker: VirtualBroker) {
    this.#connection = connection;
    this.#broker = broker;
    broker.add(this);
  }

  get buffered(): number {
    return this.#connection.buffered("client");
  }

  wants(subject: string): boolean {
    return this.#subscriptions.listeners(subject).length > 0;
  }

  deliver(subject: string, payload: Uint8Array, respond: ((payload: Uint8Array) => void) | undefined): void {
    this.#connection.send("client", subject, payload, () => this.#connection.bus.deliver(subject, payload, respond));
  }

  route(subject: string, payload: Uint8Array, answer: ((reply: Uint8Array | undefined) => void) | undefined): void {
    const heard = this.#broker.route(this, subject, payload, answer);
    if (!heard) answer?.(undefined);
  }

  subscribe(pattern: string): void {
    this.#patterns.push(pattern);
    this.#subscriptions.add(pattern, () => {});
    this.#broker.forgetInterest();
  }

  unsubscribe(pattern: string): void {
    const index = this.#patterns.indexOf(pattern);
    if (index < 0) return;
    this.#patterns.splice(index, 1);
    this.#subscriptions = new SubscriptionTable();
    for (const each of this.#patterns) this.#subscriptions.add(each, () => {});
    this.#broker.forgetInterest();
  }

  detach(): void {
    this.#broker.remove(this);
  }
}
