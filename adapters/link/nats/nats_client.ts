/**
 * One connection of the NATS client, with callbacks instead of promises, and without the reconnecting: whoever holds it
 * dials again. Loads the client library, so import it lazily.
 */

import { headers, type Msg, NatsConnectionImpl, setTransportFactory } from "@nats-io/nats-core/internal";

import { type LinkUrl } from "./link_url.ts";
import { type LinkConnectionOptions, type LinkTls, SocketTransport } from "./socket_transport.ts";

export interface NatsClientOptions {
  /** How the server lists this connection. */
  readonly name: string;
  readonly tls: LinkTls;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface NatsMessage {
  readonly subject: string;
  /** Where an answer is awaited; "": nowhere. */
  readonly reply: string;
  readonly payload: Uint8Array;
  /** NATS status, such as 503 for "no responders"; 0: an ordinary message. */
  readonly status: number;
  readonly statusText: string;
}

/** Keeps the library from pinging in the time in which a link has long found out by itself. */
const PING_INTERVAL_MS = 600_000;
/** What headers of ours may take of the payload that a server accepts. */
const HEADERS_BYTES_MAX = 128;
/** Unanswered requests that are remembered; beyond, the oldest will hear nothing. A lane has some 64 frames under way. */
const REQUESTS_MAX = 16_384;
/** The library fails on its own before it would time out by itself. */
const TIMEOUT_MARGIN_MS = 20;

export class NatsClient {
  readonly #connection: NatsConnectionImpl;
  readonly #inbox: string;
  readonly #requests = new Map<string, (answer: Uint8Array | undefined) => void>();
  #requestsMade = 0;
  #listensToInbox = false;
  /** Why it ended, or that it was closed here. */
  #end: { readonly reason: string | undefined } | undefined;
  readonly #closedListeners: ((reason: string) => void)[] = [];

  private constructor(connection: NatsConnectionImpl, inbox: string) {
    this.#connection = connection;
    this.#inbox = inbox;
    this.#takeOverReading();
    void connection.closed().then((error) => this.#ended(error ? error.message : "the other side closed it"));
    void this.#watchRefusals();
  }

  /** Rejects with what `toDialFailure` understands. */
  static async connect(
    { host, port, secure, credentials }: LinkUrl,
    { name, tls, timeoutMs, signal }: NatsClientOptions,
  ): Promise<NatsClient> {
    setTransportFactory({ factory: () => new SocketTransport() });
    const options: LinkConnectionOptions = {
      ...credentials,
      servers: `${host.includes(":") ? `[${host}]` : host}:${port}`,
      name,
      noEcho: true,
      reconnect: false,
      ignoreClusterUpdates: true,
      pingInterval: PING_INTERVAL_MS,
      timeout: timeoutMs,
      link: { secure, tls, timeoutMs: Math.max(1, timeoutMs - TIMEOUT_MARGIN_MS), signal },
    };
    const connection = await NatsConnectionImpl.connect(options) as NatsConnectionImpl;
    return new NatsClient(connection, `_INBOX.${crypto.randomUUID()}`);
  }

  /** Bytes of a payload at most; the server counts headers too. */
  get payloadBytesMax(): number {
    return this.#connection.info!.max_payload - HEADERS_BYTES_MAX;
  }

  /** The server is the endpoint of a node. */
  get isNode(): boolean {
    return (this.#connection.info as { readonly weft?: unknown } | undefined)?.weft !== undefined;
  }

  get bufferedBytes(): number {
    const { outbound, transport } = this.#connection.protocol;
    return outbound.size() + (transport as SocketTransport).bufferedBytes;
  }

  /** Does nothing once closed, nor with a payload that is too large. */
  publish(subject: string, payload: Uint8Array, options: { reply?: string; expectedLastSequence?: number } = {}): void {
    if (this.#end !== undefined || payload.length > this.payloadBytesMax) return;
    const { reply, expectedLastSequence } = options;
    this.#connection.protocol.publish(subject, payload, {
      reply,
      headers: expectedLastSequence === undefined ? undefined : expectedSequence(expectedLastSequence),
    });
  }

  /** `done` is called at most once; see `LinkBus.request`. */
  request(
    subject: string,
    payload: Uint8Array,
    options: { readonly expectedLastSequence?: number },
    done: (answer: Uint8Array | undefined) => void,
  ): void {
    if (this.#end !== undefined || payload.length > this.payloadBytesMax) return done(undefined);
    this.#listenToInbox();
    const reply = `${this.#inbox}.${(this.#requestsMade++).toString(36)}`;
    if (this.#requests.size >= REQUESTS_MAX) this.#requests.delete(this.#requests.keys().next().value!);
    this.#requests.set(reply, done);
    this.publish(subject, payload, { ...options, reply });
  }

  /** Until the answer is called. The listener must not throw. */
  subscribe(pattern: string, listener: (message: NatsMessage) => void): () => void {
    if (this.#end !== undefined) return () => {};
    let listening = true;
    const subscription = this.#connection.subscribe(pattern, {
      callback: (error, message) => {
        if (error === null && listening && this.#end === undefined) listener(toMessage(message));
      },
    });
    return () => {
      if (listening && this.#end === undefined) subscription.unsubscribe();
      listening = false;
    };
  }

  onClosed(listener: (reason: string) => void): void {
    if (this.#end === undefined) this.#closedListeners.push(listener);
    else if (this.#end.reason !== undefined) listener(this.#end.reason);
  }

  /** What was published before is still sent, if the network takes it within a second. */
  close(): void {
    if (this.#end !== undefined) return;
    this.#end = { reason: undefined };
    this.#connection.flush().catch(() => {}); // hands what is gathered to the socket, and would wait for an answer
    this.#hangUp();
  }

  #ended(reason: string): void {
    if (this.#end !== undefined) return;
    this.#end = { reason };
    this.#hangUp();
    for (const listener of this.#closedListeners) listener(reason);
  }

  #hangUp(): void {
    void this.#connection.close();
    const waiting = [...this.#requests.values()];
    this.#requests.clear();
    for (const done of waiting) done(undefined);
  }

  /** The library reads chunk by chunk over promises, and logs what it cannot parse instead of closing. */
  #takeOverReading(): void {
    const { parser, transport } = this.#connection.protocol;
    (transport as SocketTransport).parseWith((bytes) => parser.parse(bytes));
  }

  #listenToInbox(): void {
    if (this.#listensToInbox) return;
    this.#listensToInbox = true;
    this.subscribe(`${this.#inbox}.*`, ({ subject, payload, status }) => {
      const done = this.#requests.get(subject);
      this.#requests.delete(subject);
      done?.(status === 503 && payload.length === 0 ? undefined : payload);
    });
  }

  /** A link that may not use its subjects is none: better closed with the reason than silent. */
  async #watchRefusals(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === "error" && status.error.name === "PermissionViolationError") {
        this.#ended(`${status.error.message}; allow this user "weft.v1.>" and "_INBOX.>"`);
      }
    }
  }
}

function expectedSequence(sequence: number) {
  const header = headers();
  header.set("Nats-Expected-Last-Sequence", String(sequence));
  return header;
}

function toMessage({ subject, reply, data, headers }: Msg): NatsMessage {
  return {
    subject,
    reply: reply ?? "",
    payload: data,
    status: headers?.code ?? 0,
    statusText: headers?.description ?? "",
  };
}
