/**
 * Port: a broker that both ends of a link are clients of: this node's own endpoint (met in-process), the peer's (dialled),
 * or a nats-server between them (a rendezvous, dialled by both). One state machine serves all three (design, "A link").
 */

/** One message. Subjects are those of the design; payloads are bytes that only `federation/` understands. */
export interface BusMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** For a request: answers it; later calls do nothing. */
  readonly respond: ((payload: Uint8Array) => void) | undefined;
}

/**
 * Promises: messages between two clients keep their order for subjects of one kind (control, data) or are lost with the
 * connection; a message may be lost without notice when a slow reader is cut off. Nothing here throws or waits: after
 * `close()`, or once closed by the other side, sending does nothing and listeners hear no more.
 * What a client publishes does not come back to its own subscriptions.
 */
export interface LinkBus {
  /** For people: `nats://10.0.0.1:7701`, or `own endpoint`. */
  readonly name: string;
  /** This side dialled it. */
  readonly dialled: boolean;
  /** Of a bus that was dialled: what was found there; `undefined`: it does not show. */
  readonly leadsTo?: "node" | "broker";
  /** Bytes of a payload at most. */
  readonly payloadBytesMax: number;
  /** Bytes handed over and not yet written to the network. A sender that keeps it small keeps memory bounded. */
  readonly bufferedBytes: number;
  publish(subject: string, payload: Uint8Array): void;
  /**
   * Publishes with a reply address; `done` is called at most once, with the answer, or with `undefined` when it is known
   * that none can come (nobody listens, closed). It may never be called: the caller has its own deadline.
   * `expectedLastSequence` travels as header `Nats-Expected-Last-Sequence`.
   */
  request(
    subject: string,
    payload: Uint8Array,
    options: { readonly expectedLastSequence?: number },
    done: (answer: Uint8Array | undefined) => void,
  ): void;
  /** Messages whose subject fits `pattern`, until the answer is called. The listener must not throw. */
  subscribe(pattern: string, listener: (message: BusMessage) => void): () => void;
  /** Called once, with the reason for people, when the bus ended by itself. At once if it has ended. */
  onClosed(listener: (reason: string) => void): void;
  /**
   * Only of a bus that knows who its clients are: called after one has gone, with a question that is good for the moment,
   * whether anybody else listens to a subject. Without it who dies is found out by silence.
   */
  onClientGone?(listener: (listens: (subject: string) => boolean) => void): void;
  /** Idempotent. */
  close(): void;
}

/** Why a bus could not be had. Stable codes that an operator can act on. */
export interface DialFailure {
  readonly code: "UNREACHABLE" | "TIMEOUT" | "TOKEN_REFUSED" | "TLS_REFUSED" | "NOT_NATS" | "VIA_MISMATCH";
  /** What, why and what to do. */
  readonly detail: string;
}

/** Dials a bus by its URL. `done` is called once; the answer gives up the attempt (then `done` is not called). */
export type DialBus = (
  url: string,
  options: { readonly timeoutMs: number },
  done: (result: { readonly bus: LinkBus } | { readonly failure: DialFailure }) => void,
) => () => void;
