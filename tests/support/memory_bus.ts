/** A broker in memory, with as many `LinkBus` clients as a test wants; a scheduler of the test's own decides when messages move. */

import type { BusMessage, LinkBus } from "../../federation/mod.ts";

export interface MemoryBrokerOptions {
  /** Runs each piece of work later, in the order given. Default: as microtask. */
  readonly schedule?: (run: () => void) => void;
  /** Default 1 MiB, as nats-server. */
  readonly payloadBytesMax?: number;
}

interface Subscription {
  readonly owner: MemoryBus;
  readonly pattern: readonly string[];
  readonly listener: (message: BusMessage) => void;
}

export class MemoryBroker {
  readonly schedule: (run: () => void) => void;
  readonly payloadBytesMax: number;
  readonly subscriptions = new Set<Subscription>();
  readonly #clients = new Set<MemoryBus>();

  constructor({ schedule = queueMicrotask, payloadBytesMax = 1024 * 1024 }: MemoryBrokerOptions = {}) {
    this.schedule = schedule;
    this.payloadBytesMax = payloadBytesMax;
  }

  connect(name: string, { dialled = true }: { dialled?: boolean } = {}): LinkBus {
    const bus = new MemoryBus(this, { name, dialled });
    this.#clients.add(bus);
    return bus;
  }

  /** Ends every client's connection, as a broker that stops. */
  cut(reason = "the broker stopped"): void {
    for (const client of this.#clients) client.end(reason);
    this.#clients.clear();
  }

  /** Subscriptions of others that a subject fits. */
  listeners(subject: string, sender: MemoryBus): readonly Subscription[] {
    const tokens = subject.split(".");
    return [...this.subscriptions].filter(({ owner, pattern }) => owner !== sender && fits(pattern, tokens));
  }
}

/** The two ends of one link: alice's own endpoint, and bob who dialled it. */
export function memoryBusPair(options: MemoryBrokerOptions = {}): {
  broker: MemoryBroker;
  alice: LinkBus;
  bob: LinkBus;
} {
  const broker = new MemoryBroker(options);
  return {
    broker,
    alice: broker.connect("own endpoint", { dialled: false }),
    bob: broker.connect("memory://alice"),
  };
}

class MemoryBus implements LinkBus {
  readonly name: string;
  readonly dialled: boolean;
  bufferedBytes = 0;
  readonly #broker: MemoryBroker;
  readonly #requests = new Set<(answer: Uint8Array | undefined) => void>();
  readonly #closedListeners: ((reason: string) => void)[] = [];
  #closed = false;
  #endReason: string | undefined;

  constructor(broker: MemoryBroker, { name, dialled }: { name: string; dialled: boolean }) {
    this.#broker = broker;
    this.name = name;
    this.dialled = dialled;
  }

  get payloadBytesMax(): number {
    return this.#broker.payloadBytesMax;
  }

  publish(subject: string, payload: Uint8Array): void {
    if (this.#closed || payload.length > this.payloadBytesMax) return;
    this.#send(payload, (copy) => this.#deliver(subject, copy, undefined));
  }

  request(
    subject: string,
    payload: Uint8Array,
    _options: { readonly expectedLastSequence?: number },
    done: (answer: Uint8Array | undefined) => void,
  ): void {
    if (this.#closed || payload.length > this.payloadBytesMax) return done(undefined);
    this.#requests.add(done);
    const finish = (answer: Uint8Array | undefined) => {
      if (this.#requests.delete(done)) done(answer);
    };
    this.#send(payload, (copy) => {
      if (!this.#deliver(subject, copy, finish)) finish(undefined);
    });
  }

  subscribe(pattern: string, listener: (message: BusMessage) => void): () => void {
    if (this.#closed) return () => {};
    const subscription = { owner: this, pattern: pattern.split("."), listener };
    this.#broker.subscriptions.add(subscription);
    return () => void this.#broker.subscriptions.delete(subscription);
  }

  onClosed(listener: (reason: string) => void): void {
    if (this.#endReason !== undefined) listener(this.#endReason);
    else if (!this.#closed) this.#closedListeners.push(listener);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const subscription of this.#broker.subscriptions) {
      if (subscription.owner === this) this.#broker.subscriptions.delete(subscription);
    }
    const waiting = [...this.#requests];
    this.#requests.clear();
    for (const done of waiting) done(undefined);
  }

  /** The broker ends the connection. */
  end(reason: string): void {
    if (this.#closed) return;
    this.#endReason = reason;
    this.close();
    for (const listener of this.#closedListeners) listener(reason);
  }

  /** Copies, since a sender may use its bytes again once they are handed over. */
  #send(payload: Uint8Array, arrive: (copy: Uint8Array) => void): void {
    const copy = payload.slice();
    this.bufferedBytes += copy.length;
    this.#broker.schedule(() => {
      this.bufferedBytes -= copy.length;
      arrive(copy);
    });
  }

  /** Whether anybody listens. */
  #deliver(
    subject: string,
    payload: Uint8Array,
    finish: ((answer: Uint8Array | undefined) => void) | undefined,
  ): boolean {
    const listeners = this.#broker.listeners(subject, this);
    for (const { owner, listener } of listeners) {
      const respond = finish && ((answer: Uint8Array) => {
        if (!owner.#closed) owner.#send(answer, finish);
      });
      listener({ subject, payload, respond });
    }
    return listeners.length > 0;
  }
}

/** NATS wildcards: `*` is one token, `>` the rest, of at least one. */
function fits(pattern: readonly string[], tokens: readonly string[]): boolean {
  for (const [index, token] of pattern.entries()) {
    if (token === ">") return tokens.length > index;
    if (token !== "*" && token !== tokens[index]) return false;
    if (index >= tokens.length) return false;
  }
  return pattern.length === tokens.length;
}
