/** A dialled bus: two connections, so that a backlog of frames never keeps a control message waiting. */

import type { BusMessage, LinkBus } from "../../../federation/mod.ts";
import type { NatsClient, NatsMessage } from "./nats_client.ts";

export class NatsLinkBus implements LinkBus {
  readonly name: string;
  readonly dialled = true;
  readonly #control: NatsClient;
  readonly #data: NatsClient;
  readonly #closedListeners: ((reason: string) => void)[] = [];
  #closed = false;
  #endReason: string | undefined;

  constructor(name: string, { control, data }: { control: NatsClient; data: NatsClient }) {
    this.name = name;
    this.#control = control;
    this.#data = data;
    control.onClosed((reason) => this.#ended(reason));
    data.onClosed((reason) => this.#ended(reason));
  }

  get leadsTo(): "node" | "broker" {
    return this.#control.isNode ? "node" : "broker";
  }

  get payloadBytesMax(): number {
    return Math.min(this.#control.payloadBytesMax, this.#data.payloadBytesMax);
  }

  get bufferedBytes(): number {
    return this.#control.bufferedBytes + this.#data.bufferedBytes;
  }

  publish(subject: string, payload: Uint8Array): void {
    this.#clientFor(subject).publish(subject, payload);
  }

  request(
    subject: string,
    payload: Uint8Array,
    options: { readonly expectedLastSequence?: number },
    done: (answer: Uint8Array | undefined) => void,
  ): void {
    this.#clientFor(subject).request(subject, payload, options, done);
  }

  subscribe(pattern: string, listener: (message: BusMessage) => void): () => void {
    const client = this.#clientFor(pattern);
    return client.subscribe(pattern, (message) => {
      if (!this.#closed) listener(toBusMessage(client, message));
    });
  }

  onClosed(listener: (reason: string) => void): void {
    if (this.#endReason !== undefined) listener(this.#endReason);
    else if (!this.#closed) this.#closedListeners.push(listener);
  }

  close(): void {
    this.#closed = true;
    this.#control.close();
    this.#data.close();
  }

  /** What is published and what is listened to must meet on one connection: a server keeps a client's echo from it alone. */
  #clientFor(subject: string): NatsClient {
    return isData(subject) ? this.#data : this.#control;
  }

  #ended(reason: string): void {
    if (this.#closed) return;
    this.#endReason = reason;
    this.close();
    for (const listener of this.#closedListeners) listener(reason);
  }
}

/** Whether a subject, or a pattern of one kind of them, is of frames: `weft.v1.<federation>.rx.…` or `….out.…`. */
export function isData(subject: string): boolean {
  const kind = subject.split(".", 4)[3];
  return kind === "rx" || kind === "out";
}

function toBusMessage(client: NatsClient, { subject, reply, payload }: NatsMessage): BusMessage {
  return { subject, payload, respond: reply === "" ? undefined : respondOnce(client, reply) };
}

function respondOnce(client: NatsClient, reply: string): (payload: Uint8Array) => void {
  let answered = false;
  return (payload) => {
    if (answered) return;
    answered = true;
    client.publish(reply, payload);
  };
}
