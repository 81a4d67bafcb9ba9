/** A broker on a virtual machine: a node's own endpoint, or a rendezvous that both ends of a link dial. Routes by subject. */

import type { BusMessage, LinkBus } from "../../federation/mod.ts";
import { patternMatches } from "../../node/topic.ts";
import type { Boot } from "./virtual_host.ts";

/** Whoever is connected to a broker. */
export interface BrokerClient {
  wants(subject: string): boolean;
  deliver(subject: string, payload: Uint8Array, respond: ((payload: Uint8Array) => void) | undefined): void;
  /** Bytes that are on their way out to it and not in the network yet. */
  readonly buffered: number;
  /** Of the node itself: another client has gone. */
  otherGone?(): void;
}

/** Larger ones are refused by the bus: the caller must know the limit. */
export const PAYLOAD_BYTES_MAX = 1024 * 1024;

export class VirtualBroker {
  readonly boot: Boot;
  readonly #clients = new Set<BrokerClient>();
  /** Who wants a subject, as long as nobody comes, goes, or wants something else. */
  readonly #interested = new Map<string, readonly BrokerClient[]>();
  /** The node, where this is its endpoint: its clients speak with it and not with each other. */
  own: BrokerClient | undefined;

  constructor(boot: Boot) {
    this.boot = boot;
  }

  add(client: BrokerClient): void {
    this.#clients.add(client);
    this.forgetInterest();
  }

  remove(client: BrokerClient): void {
    this.#clients.delete(client);
    this.forgetInterest();
    if (client !== this.own) this.own?.otherGone?.();
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Some client wants something else from now on. */
  forgetInterest(): void {
    this.#interested.clear();
  }

  listens(subject: string, except: BrokerClient): boolean {
    return this.#whoWants(subject).some((client) => client !== except);
  }

  /** False when nobody listens. */
  route(
    from: BrokerClient,
    subject: string,
    payload: Uint8Array,
    respond: ((payload: Uint8Array) => void) | undefined,
  ): boolean {
    let heard = false;
    for (const client of this.#whoWants(subject)) {
      if (client === from) continue;
      if (this.own !== undefined && from !== this.own && client !== this.own) continue;
      heard = true;
      client.deliver(subject, payload, respond);
    }
    return heard;
  }

  #whoWants(subject: string): readonly BrokerClient[] {
    let clients = this.#interested.get(subject);
    if (clients === undefined) {
      clients = [...this.#clients].filter((client) => client.wants(subject));
      this.#interested.set(subject, clients);
    }
    return clients;
  }

  /** Bytes that wait in the broker for anybody but one. */
  bufferedFor(client: BrokerClient): number {
    let bytes = 0;
    for (const other of this.#clients) if (other !== client) bytes += other.buffered;
    return bytes;
  }
}

/** The subscriptions of one client, with the answers for subjects that it was asked about. */
export class SubscriptionTable {
  readonly #entries = new Set<{ readonly pattern: string; readonly listener: (message: BusMessage) => void }>();
  readonly #known = new Map<string, readonly ((message: BusMessage) => void)[]>();

  add(pattern: string, listener: (message: BusMessage) => void): () => void {
    const entry = { pattern, listener };
    this.#entries.add(entry);
    this.#known.clear();
    return () => {
      this.#entries.delete(entry);
      this.#known.clear();
    };
  }

  listeners(subject: string): readonly ((message: BusMessage) => void)[] {
    let listeners = this.#known.get(subject);
    if (listeners === undefined) {
      listeners = [...this.#entries].filter(({ pattern }) => patternMatches(pattern, subject)).map(({ listener }) =>
        listener
      );
      this.#known.set(subject, listeners);
    }
    return listeners;
  }

  clear(): void {
    this.#entries.clear();
    this.#known.clear();
  }
}

/** Requests that wait for an answer. */
export class OpenRequests {
  readonly #open = new Map<number, (answer: Uint8Array | undefined) => void>();
  #next = 1;

  add(done: (answer: Uint8Array | undefined) => void): number {
    this.#open.set(this.#next, done);
    return this.#next++;
  }

  /** Later answers to the same request do nothing. */
  answer(id: number, payload: Uint8Array | undefined): void {
    const done = this.#open.get(id);
    this.#open.delete(id);
    done?.(payload);
  }

  fail(): void {
    for (const id of [...this.#open.keys()]) this.answer(id, undefined);
  }
}

/** The node itself as a client of its own endpoint: nothing of it goes over a network. */
export class OwnBus implements LinkBus, BrokerClient {
  readonly name = "own endpoint";
  readonly dialled = false;
  readonly payloadBytesMax = PAYLOAD_BYTES_MAX;
  readonly buffered = 0;
  readonly #broker: VirtualBroker;
  readonly #subscriptions = new SubscriptionTable();
  readonly #requests = new OpenRequests();
  readonly #goneListeners: ((listens: (subject: string) => boolean) => void)[] = [];
  #closed = false;

  constructor(broker: VirtualBroker) {
    this.#broker = broker;
    broker.add(this);
    broker.own = this;
  }

  get bufferedBytes(): number {
    return this.#broker.bufferedFor(this);
  }

  publish(subject: string, payload: Uint8Array): void {
    if (!this.#closed) this.#broker.route(this, subject, payload.slice(), undefined);
  }

  request(
    subject: string,
    payload: Uint8Array,
    _options: { readonly expectedLastSequence?: number },
    done: (answer: Uint8Array | undefined) => void,
  ): void {
    if (this.#closed) return;
    const id = this.#requests.add(done);
    const heard = this.#broker.route(this, subject, payload.slice(), (answer) => this.#requests.answer(id, answer));
    const { boot } = this.#broker;
    if (!heard) boot.host.after(boot, 0, () => this.#requests.answer(id, undefined));
  }

  subscribe(pattern: string, listener: (message: BusMessage) => void): () => void {
    const remove = this.#subscriptions.add(pattern, listener);
    this.#broker.forgetInterest();
    return () => {
      remove();
      this.#broker.forgetInterest();
    };
  }

  wants(subject: string): boolean {
    return !this.#closed && this.#subscriptions.listeners(subject).length > 0;
  }

  deliver(subject: string, payload: Uint8Array, respond: ((payload: Uint8Array) => void) | undefined): void {
    for (const listener of this.#subscriptions.listeners(subject)) listener({ subject, payload, respond });
  }

  onClientGone(listener: (listens: (subject: string) => boolean) => void): void {
    this.#goneListeners.push(listener);
  }

  otherGone(): void {
    const { boot } = this.#broker;
    boot.host.after(boot, 0, () => {
      if (this.#closed) return;
      for (const listener of this.#goneListeners) listener((subject) => this.#broker.listens(subject, this));
    });
  }

  /** It does not end before its process does. */
  onClosed(): void {}

  close(): void {
    this.#closed = true;
    this.#broker.remove(this);
    this.#subscriptions.clear();
  }
}
