/** The node itself as a client of its own endpoint: the end of a link on the side that is dialled. */

import { randomUUID } from "node:crypto";

import type { BusMessage, LinkBus } from "../../../federation/mod.ts";
import { formatHeaderBlock } from "./header_block.ts";
import type { LiveBroker, LiveClient, LiveMessage, LiveSubscriber } from "./live_broker.ts";

export interface OwnBusParts {
  readonly broker: LiveBroker;
  readonly payloadBytesMax: number;
  /** Bytes that wait for link clients. */
  readonly bufferedBytes: () => number;
}

interface Request {
  readonly done: (answer: Uint8Array | undefined) => void;
  /** Who got it: nobody else may answer. */
  readonly askedOf: readonly LiveClient[];
}

/** Requests that wait for an answer. Who asks has a deadline of its own, so that the oldest is forgotten past this. */
const REQUESTS_MAX = 16_384;

/** A payload handed over must not change any more: it is not copied. */
export class OwnBus implements LinkBus, LiveClient {
  readonly name = "own endpoint";
  readonly dialled = false;
  readonly echo = false;
  readonly #parts: OwnBusParts;
  readonly #inbox = `_INBOX.${randomUUID()}.`;
  readonly #answers: LiveSubscriber;
  readonly #subscribers = new Set<LiveSubscriber>();
  readonly #requests = new Map<string, Request>();
  readonly #closeListeners: ((reason: string) => void)[] = [];
  readonly #goneListeners: ((listens: (subject: string) => boolean) => void)[] = [];
  #asked = 0;
  #closed: string | undefined;

  constructor(parts: OwnBusParts) {
    this.#parts = parts;
    this.#answers = {
      client: this,
      subject: `${this.#inbox}*`,
      queue: undefined,
      deliver: ({ subject, payload }, from) => this.#answered(subject, payload, from),
    };
    parts.broker.hub = this;
    parts.broker.add(this.#answers);
  }

  get payloadBytesMax(): number {
    return this.#parts.payloadBytesMax;
  }

  get bufferedBytes(): number {
    return this.#parts.bufferedBytes();
  }

  publish(subject: string, payload: Uint8Array): void {
    if (this.#closed !== undefined || payload.length > this.payloadBytesMax) return;
    this.#parts.broker.publish({ subject, reply: undefined, headers: undefined, payload }, this);
  }

  request(
    subject: string,
    payload: Uint8Array,
    { expectedLastSequence }: { readonly expectedLastSequence?: number },
    done: (answer: Uint8Array | undefined) => void,
  ): void {
    const canSend = this.#closed === undefined && payload.length <= this.payloadBytesMax;
    const found = canSend ? this.#parts.broker.find(subject, this) : [];
    if (found.length === 0) return queueMicrotask(() => done(undefined));
    const reply = this.#inbox + (this.#asked++).toString(36);
    if (this.#requests.size >= REQUESTS_MAX) this.#requests.delete(this.#requests.keys().next().value!);
    this.#requests.set(reply, { done, askedOf: found.map(({ client }) => client) });
    const headers = expectedLastSequence === undefined ? undefined : expectation(expectedLastSequence);
    for (const subscriber of found) subscriber.deliver({ subject, reply, headers, payload }, this);
  }

  subscribe(pattern: string, listener: (message: BusMessage) => void): () => void {
    if (this.#closed !== undefined) return () => undefined;
    const subscriber: LiveSubscriber = {
      client: this,
      subject: pattern,
      queue: undefined,
      deliver: (message) => {
        listener(this.#toBusMessage(message));
      },
    };
    this.#parts.broker.add(subscriber);
    this.#subscribers.add(subscriber);
    return () => {
      if (this.#subscribers.delete(subscriber)) this.#parts.broker.remove(subscriber);
    };
  }

  onClosed(listener: (reason: string) => void): void {
    if (this.#closed === undefined) this.#closeListeners.push(listener);
    else listener(this.#closed);
  }

  onClientGone(listener: (listens: (subject: string) => boolean) => void): void {
    this.#goneListeners.push(listener);
  }

  otherGone(): void {
    // A client may be cut off amidst a delivery to it: who sends is not to find its session ended under its hands.
    queueMicrotask(() => {
      if (this.#closed !== undefined) return;
      const listens = (subject: string) => this.#parts.broker.find(subject, this).length > 0;
      for (const listener of this.#goneListeners) listener(listens);
    });
  }

  /** The one who closes knows it: listeners are not called. */
  close(): void {
    this.#close("closed");
  }

  /** The endpoint stops. */
  end(reason: string): void {
    if (this.#closed !== undefined) return;
    this.#close(reason);
    for (const listener of this.#closeListeners.splice(0)) listener(reason);
  }

  #close(reason: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    const { broker } = this.#parts;
    for (const subscriber of this.#subscribers) broker.remove(subscriber);
    broker.remove(this.#answers);
    this.#subscribers.clear();
    const waiting = [...this.#requests.values()];
    this.#requests.clear();
    for (const { done } of waiting) done(undefined);
  }

  #toBusMessage({ subject, reply, payload }: LiveMessage): BusMessage {
    if (reply === undefined) return { subject, payload, respond: undefined };
    let answered = false;
    const respond = (answer: Uint8Array) => {
      if (answered) return;
      answered = true;
      this.publish(reply, answer);
    };
    return { subject, payload, respond };
  }

  #answered(subject: string, payload: Uint8Array, from: LiveClient): void {
    const request = this.#requests.get(subject);
    if (request === undefined || !request.askedOf.includes(from)) return;
    this.#requests.delete(subject);
    request.done(payload);
  }
}

function expectation(sequence: number): Uint8Array {
  return formatHeaderBlock([["Nats-Expected-Last-Sequence", String(sequence)]]);
}
