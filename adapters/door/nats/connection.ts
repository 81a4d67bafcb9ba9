/** One connection of the NATS endpoint: reads operations, finds out who it is, keeps watch over it. */

import type { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import { setImmediate } from "node:timers";

import { ANYONE } from "../http/auth/mod.ts";
import type { Admission, RefusalReason } from "./admission.ts";
import { ClientSession } from "./client_session.ts";
import { type ConnectOptions, parseConnect, UNNAMED } from "./connect_options.ts";
import type { Endpoint } from "./endpoint.ts";
import { GREETING_MS, PINGS_OUT_MAX } from "./limits.ts";
import { LinkSession } from "./link_session.ts";
import { Outbox } from "./outbox.ts";
import { type ClientMessage, type ProtocolFault, type ProtocolHandler, ProtocolParser } from "./protocol_parser.ts";
import type { Session, SessionHost } from "./session.ts";

export interface ConnectionParts {
  readonly endpoint: Endpoint;
  readonly socket: Duplex;
  readonly remoteAddress: string;
  /** What an NKey has to sign, if there are any. */
  readonly nonce: string | undefined;
  /** Called once. */
  readonly onClosed: () => void;
}

/** Texts of `-ERR` after `Permissions Violation` may be long; no client reads more. */
const ERROR_CHARS_MAX = 1024;
/** How long the last words of a connection may take to be written, ms. */
const FAREWELL_MS = 1000;

export class Connection implements ProtocolHandler, SessionHost {
  readonly outbox: Outbox;
  /** Resolves when the socket is gone. */
  readonly closed: Promise<void>;
  readonly #parts: ConnectionParts;
  readonly #parser: ProtocolParser;
  readonly #openedAt: number;
  #resolveClosed: () => void = () => undefined;
  #connect: ConnectOptions = UNNAMED;
  #session: Session | undefined;
  /** As which of the two it is counted. */
  #counted: "clients" | "links" | undefined;
  #holds = 0;
  #subscribing = 0;
  #paused = false;
  #closed = false;
  #heardAt: number;
  #pingsOut = 0;
  #pingedAt: number;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.closed = new Promise((resolve) => this.#resolveClosed = resolve);
    const { endpoint, socket } = parts;
    const { clock, pages, counts, admissions, payloadBytesMax } = endpoint;
    this.#openedAt = this.#heardAt = this.#pingedAt = clock.now();
    this.outbox = new Outbox({
      socket,
      clock,
      pages,
      counts,
      onSlow: () => this.#cutSlow(),
      onRoom: () => this.#session?.wake(),
    });
    this.#parser = new ProtocolParser(this, { payloadBytesMax });
    this.#parser.connectOnly = admissions.required;
    if (!admissions.required) this.#begin(new ClientSession(endpoint, this, ANYONE), "clients");
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", () => undefined); // a close follows
    socket.on("close", () => this.close());
  }

  get headers(): boolean {
    return this.#connect.headers;
  }

  get echo(): boolean {
    return this.#connect.echo;
  }

  get noResponders(): boolean {
    return this.#connect.noResponders;
  }

  get pedantic(): boolean {
    return this.#connect.pedantic;
  }

  get isLink(): boolean {
    return this.#counted === "links";
  }

  readonly error = (text: string): undefined => {
    // One line, and no quote that would end it early.
    const clean = text.replaceAll(/\p{Cc}+/gu, " ").replaceAll("'", "`").slice(0, ERROR_CHARS_MAX);
    this.outbox.text(`-ERR '${clean}'\r\n`);
  };

  ok(): void {
    if (this.#connect.verbose) this.outbox.text("+OK\r\n");
  }

  hold(): void {
    this.#holds++;
    this.#applyHolds();
  }

  release(): void {
    this.#holds--;
    this.#applyHolds();
  }

  connect(text: string): void {
    const connect = parseConnect(text);
    if (connect === undefined) return this.fault({ error: undefined });
    this.#connect = connect;
    this.#parser.headers = connect.headers;
    const { endpoint, nonce, remoteAddress } = this.#parts;
    const admission = endpoint.admissions.admit({ connect, nonce, onLoopback: isLoopback(remoteAddress) });
    if (!(admission instanceof Promise)) return this.#admitted(admission);
    this.hold();
    admission.then((answer) => this.#admitted(answer), (error) => {
      endpoint.problems.onFailure(error);
      this.#refuse("unavailable", "the node failed to check the credentials");
    }).finally(() => this.release());
  }

  publish(message: ClientMessage): void {
    this.#parts.endpoint.counts.messagesIn++;
    this.#session!.publish(message);
  }

  subscribe(subject: string, queue: string | undefined, sid: string): void {
    const opening = this.#session!.subscribe(subject, queue, sid);
    if (opening === undefined) return;
    this.#subscribing++;
    this.#applyHolds();
    void opening.finally(() => {
      this.#subscribing--;
      this.#applyHolds();
    });
  }

  unsubscribe(sid: string, max: number | undefined): void {
    this.#session!.unsubscribe(sid, max);
  }

  /**
   * The PONG says that everything before is durable or refused: so `flush()` of a client is worth something. It comes in
   * the turn after, so that the client's own subscriptions have heard it first, as with nats-server.
   */
  ping(): void {
    let waited = false;
    const answer = () => {
      this.outbox.text("PONG\r\n");
      this.release();
    };
    this.hold();
    this.#session!.whenSettled(() => waited ? void setImmediate(answer) : answer());
    waited = true;
  }

  pong(): void {
    this.#pingsOut = 0;
  }

  fault({ error }: ProtocolFault): void {
    this.#parts.endpoint.counts.faults++;
    this.end(error);
  }

  /** Reads no more, and resolves when all that was read is durable or refused. `info`: an INFO line that says so. */
  async drain(info: string): Promise<void> {
    this.hold();
    this.outbox.text(info);
    const session = this.#session;
    const settled = new Promise<void>((resolve) => session === undefined ? resolve() : session.whenSettled(resolve));
    await Promise.race([settled, this.closed]);
  }

  /** To be called every second or so: ends who says nothing, reads nothing or does not say who it is. */
  watch(): void {
    const { endpoint } = this.#parts;
    const now = endpoint.clock.now();
    if (this.#session === undefined && now - this.#openedAt > GREETING_MS) {
      endpoint.counts.noteRefusal("timeout");
      return this.end("Authentication Timeout");
    }
    if (this.outbox.stalled) return this.#cutSlow();
    // Who is held cannot be heard.
    if (this.#paused) this.#heardAt = now;
    if (now - Math.max(this.#heardAt, this.#pingedAt) < endpoint.pingEveryMs) return;
    if (this.#pingsOut >= PINGS_OUT_MAX) return this.end("Stale Connection");
    this.#pingsOut++;
    this.#pingedAt = now;
    this.outbox.text("PING\r\n");
  }

  /** Says why, lets what waits be written, and closes. */
  end(error?: string): void {
    if (this.#closed) return;
    this.#parser.end();
    if (error !== undefined) this.error(error);
    this.#leave();
    this.outbox.finish();
    const { socket, endpoint } = this.#parts;
    socket.end(() => this.close());
    endpoint.clock.after(FAREWELL_MS, () => this.close());
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#parser.end();
    this.#leave();
    this.outbox.close();
    this.#parts.socket.destroy();
    this.#parts.onClosed();
    this.#resolveClosed();
  }

  #read(chunk: Buffer): void {
    if (this.#closed) return;
    const { counts, clock } = this.#parts.endpoint;
    counts.bytesIn += chunk.length;
    this.#heardAt = clock.now();
    this.#pingsOut = 0;
    this.#parser.push(chunk);
    this.#applyPause();
  }

  #admitted(admission: Admission): void {
    if (this.#closed) return;
    if (admission.type === "refused") return this.#refuse(admission.reason, admission.detail);
    const { protocol, noResponders, headers } = this.#connect;
    if (protocol !== 0 && protocol !== 1) return this.end("invalid client protocol");
    if (noResponders && !headers) return this.end("no responders requires headers support");
    const { endpoint } = this.#parts;
    if (admission.type === "link") this.#begin(new LinkSession(endpoint, this), "links");
    else this.#begin(new ClientSession(endpoint, this, admission.principal), "clients");
    this.#parser.connectOnly = false;
    this.ok();
  }

  #refuse(reason: RefusalReason, detail: string): void {
    if (this.#closed) return;
    const { endpoint, remoteAddress } = this.#parts;
    endpoint.counts.noteRefusal(reason);
    if (reason === "link") endpoint.onRefusedLink(remoteAddress, detail);
    this.end("Authorization Violation");
  }

  /** A second CONNECT begins anew, as with nats-server: other credentials must not get what the first subscribed to. */
  #begin(session: Session, counted: "clients" | "links"): void {
    this.#leave();
    this.#session = session;
    this.#counted = counted;
    this.#parts.endpoint.counts[counted]++;
  }

  #leave(): void {
    this.#session?.close();
    if (this.#counted !== undefined) this.#parts.endpoint.counts[this.#counted]--;
    this.#session = this.#counted = undefined;
  }

  #cutSlow(): void {
    if (this.#closed) return;
    this.#parts.endpoint.counts.slowConsumers++;
    this.close(); // it does not read: there is nobody to tell
  }

  #applyHolds(): void {
    if (this.#closed) return;
    this.#parser.hold = this.#holds > 0 ? "everything" : this.#subscribing > 0 ? "allButSubscribe" : "nothing";
    this.#applyPause();
  }

  /** What cannot be read now stays in the network. */
  #applyPause(): void {
    const paused = this.#parser.waiting;
    if (paused === this.#paused) return;
    this.#paused = paused;
    if (paused) this.#parts.socket.pause();
    else this.#parts.socket.resume();
  }
}

function isLoopback(address: string): boolean {
  const bare = address.replace(/^::ffff:/, "");
  return bare === "::1" || bare.startsWith("127.");
}
