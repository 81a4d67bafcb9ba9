/** Port: carries the messages of a link between two adjacent clusters (design, "A link"). */

/** One message. Subjects are those of the design; payloads are bytes that only `federation/` understands. */
export interface LinkMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** For a request: answers it, at most once. */
  readonly respond: ((payload: Uint8Array) => void) | undefined;
}

export interface LinkTransportCapabilities {
  /** An acknowledged frame has been synced to disk by the receiver. Without: the sender keeps frames for a regret window. */
  readonly ackAfterSync: boolean;
  /** Bytes of a payload at most. */
  readonly payloadBytesMax: number;
}

/**
 * Promises: messages of one direction arrive in order, or the transport closes. Both ends may send before either reads.
 * `closed` resolves once, with the reason, however it ended; after that nothing arrives and sending rejects.
 */
export interface LinkTransport extends AsyncDisposable {
  readonly capabilities: LinkTransportCapabilities;
  readonly closed: Promise<{ readonly reason: string }>;
  /** Resolves when the message was handed over; waits while the peer is slow. */
  publish(subject: string, payload: Uint8Array): Promise<void>;
  /** Rejects when no answer came in time, or when nobody listens. */
  request(subject: string, payload: Uint8Array, options: { timeoutMs: number }): Promise<Uint8Array>;
  /** Messages whose subject fits `pattern`, until the answer is called. */
  subscribe(pattern: string, listener: (message: LinkMessage) => void): () => void;
}

/** Dials the other end of a link. Rejects with what to do when it cannot be reached in `timeoutMs`. */
export type DialLink = (url: string, options: { timeoutMs: number; signal: AbortSignal }) => Promise<LinkTransport>;
