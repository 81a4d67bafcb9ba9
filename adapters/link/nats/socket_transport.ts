/**
 * The socket under the NATS client. The client's own transport leaves sockets open that never greeted, and lets a reset
 * of a socket that it gave up end the process on Deno; a node that redials for ever can afford neither. This one also
 * tells how far an attempt came, and how much is waiting to be written.
 */

import type { ConnectionOptions, Server, Transport } from "@nats-io/nats-core/internal";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";

import { VERSION } from "../../version.ts";
import { DialError, type DialStage, toAttemptError, toTimeoutError, toTlsError } from "./dial_error.ts";
import { type Greeting, parseGreeting } from "./greeting.ts";

/** PEM texts. */
export interface LinkTls {
  /** Whom to trust instead of the system's authorities. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface SocketTransportOptions {
  /** Encryption is wanted, whether or not the server insists. */
  readonly secure: boolean;
  readonly tls: LinkTls;
  readonly timeoutMs: number;
  /** Gives the attempt up. */
  readonly signal: AbortSignal;
}

/** What the client library hands through to its transport. */
export type LinkConnectionOptions = ConnectionOptions & { readonly link: SocketTransportOptions };

/** A socket that was closed still writes what it was given, for so long. */
const LINGER_MS = 1000;

export class SocketTransport implements Transport {
  readonly lang = "weft";
  readonly version = VERSION;
  closeError?: Error;
  #stage: DialStage = "connecting";
  #socket: Socket | TLSSocket | undefined;
  readonly #received: Uint8Array[] = [];
  /** The library's reader has a chunk that it has not parsed yet. */
  #readerBusy = false;
  #wakeReader: (() => void) | undefined;
  #parse: ((bytes: Uint8Array) => void) | undefined;
  readonly #closed = Promise.withResolvers<void | Error>();
  #greeted: (greeting: Greeting) => void = () => {};
  #failAttempt: (error: Error) => void = () => {};

  async connect({ hostname, port }: Server, options: ConnectionOptions): Promise<void> {
    const { timeoutMs, signal, ...encryption } = (options as LinkConnectionOptions).link;
    const failed = new Promise<never>((_, reject) => this.#failAttempt = reject);
    const giveUp = () => this.#fail(new DialError("TIMEOUT", "given up"));
    const timer = setTimeout(() => this.#fail(toTimeoutError(this.#stage, timeoutMs)), timeoutMs);
    signal.addEventListener("abort", giveUp);
    try {
      signal.throwIfAborted();
      await Promise.race([failed, this.#open(hostname, port, encryption)]);
    } catch (error) {
      this.discard();
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
    }
  }

  /** Bytes given to the socket and not yet to the network. */
  get bufferedBytes(): number {
    return this.#socket?.writableLength ?? 0;
  }

  get isClosed(): boolean {
    return this.#stage === "closed";
  }

  isEncrypted(): boolean {
    return this.#socket !== undefined && "encrypted" in this.#socket && this.#socket.encrypted === true;
  }

  send(bytes: Uint8Array): void {
    if (this.#stage === "open") this.#socket!.write(bytes);
  }

  /** Received bytes go to `parse` from now on, at once and not by the library's reader. Where it throws, the socket closes. */
  parseWith(parse: (bytes: Uint8Array) => void): void {
    this.#parse = parse;
    this.#parseReceived();
  }

  /** What the library reads by while it shakes hands. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    while (true) {
      this.#parseReceived();
      const chunk = this.#received.shift();
      if (chunk !== undefined) {
        this.#readerBusy = true;
        yield chunk;
        this.#readerBusy = false;
      } else if (this.isClosed) {
        return;
      } else {
        await new Promise<void>((resolve) => this.#wakeReader = resolve);
      }
    }
  }

  /** What was sent before is still written, if the network takes it soon. */
  close(error?: Error): Promise<void> {
    this.#end(error, (socket) => {
      const timer = setTimeout(() => socket.destroy(), LINGER_MS);
      socket.once("close", () => clearTimeout(timer));
      socket.end();
    });
    return Promise.resolve();
  }

  disconnect(): void {
    this.#end(undefined, (socket) => socket.destroy());
  }

  discard(): void {
    this.disconnect();
  }

  closed(): Promise<void | Error> {
    return this.#closed.promise;
  }

  async #open(host: string, port: number, { secure, tls }: { secure: boolean; tls: LinkTls }): Promise<void> {
    const greeting = new Promise<Greeting>((resolve) => this.#greeted = resolve);
    const socket = connectTcp({ host, port, noDelay: true });
    socket.once("connect", () => this.#stage = "greeting");
    this.#use(socket);
    const { tlsRequired, tlsAvailable } = await greeting;
    if (secure && !tlsRequired && !tlsAvailable) {
      throw new DialError("TLS_REFUSED", "it offers no TLS; give it a certificate, or dial nats://");
    }
    if (secure || tlsRequired) await this.#encrypt(socket, host, tls);
    this.#stage = "open";
  }

  async #encrypt(socket: Socket, host: string, tls: LinkTls): Promise<void> {
    this.#stage = "encrypting";
    socket.removeAllListeners("data");
    // `host` is what the certificate is checked against; an address may not be sent as server name (RFC 6066 §3).
    const secured = connectTls({ ...tls, socket, host, ...(isIP(host) === 0 ? { servername: host } : {}) });
    this.#use(secured);
    await new Promise<void>((resolve) => secured.once("secureConnect", resolve));
    if (!secured.authorized) throw toTlsError(secured.authorizationError);
  }

  #use(socket: Socket): void {
    this.#socket = socket;
    // They stay for ever: an error of a socket without a listener ends the process.
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(undefined));
    socket.on("data", (chunk: Uint8Array) => this.#take(chunk));
  }

  #take(chunk: Uint8Array): void {
    if (this.#stage === "greeting") return this.#takeGreeting(chunk);
    this.#received.push(chunk);
    this.#parseReceived();
    this.#wakeReader?.();
  }

  /** The line stays among what was received: the library reads it again. */
  #takeGreeting(chunk: Uint8Array): void {
    const greeting = concat(this.#received.pop(), chunk);
    this.#received.push(greeting);
    const outcome = parseGreeting(greeting);
    if (outcome instanceof DialError) this.#fail(outcome);
    else if (outcome !== undefined) this.#greeted(outcome);
  }

  #parseReceived(): void {
    if (this.#parse === undefined || this.#readerBusy) return;
    try {
      for (let chunk = this.#received.shift(); chunk !== undefined; chunk = this.#received.shift()) this.#parse(chunk);
    } catch (error) {
      this.#fail(new Error(`it broke the NATS protocol: ${error instanceof Error ? error.message : error}`));
    }
  }

  /** The socket ended by itself, or has to. */
  #fail(error: Error | undefined): void {
    if (this.#stage !== "open") this.#failAttempt(toAttemptError(this.#stage, error));
    this.#end(error, (socket) => socket.destroy());
  }

  #end(error: Error | undefined, end: (socket: Socket) => void): void {
    if (this.#stage === "closed") return;
    const wasOpen = this.#stage === "open";
    this.#stage = "closed";
    this.closeError = error;
    if (this.#socket !== undefined) end(this.#socket);
    this.#wakeReader?.();
    // Before it was open, the attempt's own error says all.
    if (wasOpen) this.#closed.resolve(error);
  }
}

function concat(first: Uint8Array | undefined, second: Uint8Array): Uint8Array {
  if (first === undefined) return second;
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
