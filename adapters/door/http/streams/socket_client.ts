/** One client of `GET /v1/stream` on a WebSocket, whichever sub-protocol it speaks. */

import type { EventStream, StoredEvent, StreamGap } from "../../../../node/mod.ts";
import type { Socket } from "../../../runtime/runtime.ts";
import type { Principal } from "../auth/mod.ts";
import type { DoorContext } from "../door_context.ts";
import type { MeshReady } from "../request/mod.ts";
import type { LiveClient, LiveClients } from "./live_clients.ts";

/** What the sub-protocols do differently. */
export interface SocketProtocol {
  readonly name: "weft.json" | "cloudevents.json";
  /** The message that carries an event; asked once per event, whoever gets it. */
  readonly toMessage: (stored: StoredEvent) => string;
  /** What is sent before the first event. */
  greet(client: SocketClient, stream: EventStream, ready: MeshReady): void;
  /** The message that says what is missing; a protocol without one keeps silent. */
  readonly toGapMessage?: (gap: StreamGap) => string;
  receive(client: SocketClient, message: string | Uint8Array): void;
}

export interface SocketClientOptions {
  readonly context: DoorContext;
  readonly clients: LiveClients;
  readonly protocol: SocketProtocol;
  readonly principal: Principal;
  /** Whether other members share the events. */
  readonly inGroup: boolean;
}

/** Bytes that may wait for the socket before no more events are taken for it. */
const BUFFERED_BYTES_MAX = 1024 * 1024;
/** Past this the client does not read even the answers to what it sends. */
const UNREAD_BYTES_MAX = 16 * 1024 * 1024;
/** How often a socket without room is looked at, ms: a WebSocket does not tell when it has some again. */
const ROOM_POLL_MS = 10;
/** Events taken at a time; room is asked for in between, and in a group it is the other members' turn. */
const TAKEN_MAX = 64;
const TAKEN_IN_GROUP_MAX = 16;
/** A client that does not finish the handshake within this is given up, ms. */
const OPEN_MAX_MS = 10_000;

/** Close codes of RFC 6455 §7.4.1 and its registry. */
export const CLOSE = { goingAway: 1001, invalidMessage: 1007, policy: 1008, tryAgainLater: 1013 } as const;

export class SocketClient implements LiveClient {
  readonly context: DoorContext;
  readonly principal: Principal;
  readonly #options: SocketClientOptions;
  #stream: EventStream | undefined;
  #socket: Socket | undefined;
  #cancelOpening: (() => void) | undefined;
  #woken = false;
  #full = false;

  constructor(options: SocketClientOptions) {
    this.#options = options;
    this.context = options.context;
    this.principal = options.principal;
  }

  readonly onReady = (): void => {
    if (this.#woken || this.#full || this.#socket === undefined) return;
    this.#woken = true;
    this.#options.clients.wake(this);
  };

  /** The interest is in place; the socket is about to open, or not. */
  expect(stream: EventStream): void {
    this.#stream = stream;
    this.#cancelOpening = this.context.clock.after(OPEN_MAX_MS, () => this.leave());
  }

  open(socket: Socket, ready: MeshReady): void {
    this.#cancelOpening?.();
    const stream = this.#stream;
    if (stream === undefined || this.context.draining.aborted) return socket.close(CLOSE.goingAway, "node is stopping");
    this.#socket = socket;
    this.#options.clients.add(this);
    this.#options.protocol.greet(this, stream, ready);
    this.onReady();
  }

  receive(message: string | Uint8Array): void {
    if (this.#socket !== undefined) this.#options.protocol.receive(this, message);
  }

  flush(): void {
    this.#woken = false;
    const { protocol, inGroup } = this.#options;
    while (this.#stream !== undefined && this.#socket !== undefined) {
      if (this.#socket.bufferedBytes > BUFFERED_BYTES_MAX) return this.#waitForRoom();
      const gap = this.#stream.takeGap();
      if (gap !== undefined && protocol.toGapMessage !== undefined) this.#socket.send(protocol.toGapMessage(gap));
      const events = this.#stream.take(inGroup ? TAKEN_IN_GROUP_MAX : TAKEN_MAX);
      if (events.length === 0) return;
      for (const stored of events) this.#socket.send(protocol.toMessage(stored));
      if (inGroup) return this.onReady();
    }
  }

  /** Sends a message that answers the client; one that reads no answers is cut off. */
  send(message: string): void {
    if (this.#socket === undefined) return;
    if (this.#socket.bufferedBytes > UNREAD_BYTES_MAX) return this.close(CLOSE.tryAgainLater, "answers are not read");
    this.#socket.send(message);
  }

  /** Throws `RefusedError` for a cursor that is none. */
  acknowledge(cursor: string): void {
    this.#stream?.acknowledge(this.context.node.positionOf(cursor));
  }

  keepAlive(): void {
    // Both runtimes ping idle sockets themselves.
  }

  end(): void {
    this.close(CLOSE.goingAway, "node is stopping");
  }

  /** `reason`: at most 123 bytes (RFC 6455 §5.5). */
  close(code: number, reason: string): void {
    const socket = this.#socket;
    this.leave();
    socket?.close(code, reason);
  }

  /** Gives everything back; what was not acknowledged comes again. */
  leave(): void {
    const stream = this.#stream;
    this.#stream = this.#socket = undefined;
    this.#cancelOpening?.();
    this.#options.clients.remove(this);
    stream?.close().catch(this.context.problems.onFailure);
  }

  #waitForRoom(): void {
    this.#full = true;
    this.context.clock.after(ROOM_POLL_MS, () => {
      this.#full = false;
      this.onReady();
    });
  }
}
