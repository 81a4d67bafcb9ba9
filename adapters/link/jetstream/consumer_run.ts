/**
 * One JetStream consumer from its creation to its end: without acknowledgements and state worth keeping, asked for frames
 * request by request (ADR-13, ADR-15, ADR-17), so that nothing comes that was not asked for.
 */

import type { NatsClient, NatsMessage } from "../nats/mod.ts";

import { askJetStream } from "./jet_stream_api.ts";

export interface ConsumerRunOptions {
  readonly stream: string;
  /** Its first frame is the one after this. */
  readonly after: number;
  readonly heartbeatMs: number;
  readonly onFrame: (sequence: number, payload: Uint8Array) => void;
  /** It has no open request, and would take one. */
  readonly onIdle: () => void;
  /** The next frame is larger than the request allowed; no request is open. */
  readonly onTooLarge: () => void;
  /** It ended by itself. */
  readonly onEnd: (reason: string) => void;
}

/** JetStream sends at most so many frames for one request; its next request costs a round trip. */
const FRAMES_A_REQUEST = 256;
/** A request stays open for so many heartbeats. */
const HEARTBEATS_A_REQUEST = 6;
/** JetStream forgets a consumer that asks for nothing for so many heartbeats: the reader waits for its caller. */
const HEARTBEATS_OF_A_CONSUMER = 60;

/** Statuses of answers to a request (ADR-13). */
const IDLE_HEARTBEAT = 100;
const NO_MESSAGES = 404;
const REQUEST_EXPIRED = 408;
const CONFLICT = 409;

export class ConsumerRun {
  readonly #client: NatsClient;
  readonly #options: ConsumerRunOptions;
  readonly #inbox = `_INBOX.${crypto.randomUUID()}`;
  readonly #unsubscribe: () => void;
  #consumer: string | undefined;
  /** The consumer's own count of frames, which has no gaps. */
  #delivered = 0;
  #requests = 0;
  /** What the open request may still bring; 0: there is none. */
  #framesOwed = 0;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  constructor(client: NatsClient, options: ConsumerRunOptions) {
    this.#client = client;
    this.#options = options;
    this.#unsubscribe = client.subscribe(`${this.#inbox}.*`, (message) => this.#hear(message));
    this.#create().then((name) => {
      this.#consumer = name;
      if (!this.#ended) options.onIdle();
    }, (error) => this.#fail(error instanceof Error ? error.message : String(error)));
  }

  /** Asks for frames of at most so many bytes, unless a request is open. */
  ask({ bytesMax }: { readonly bytesMax: number | undefined }): void {
    if (this.#consumer === undefined || this.#framesOwed > 0 || this.#ended) return;
    const { stream, heartbeatMs } = this.#options;
    this.#framesOwed = bytesMax === undefined ? 1 : FRAMES_A_REQUEST;
    this.#requests++;
    const request = {
      batch: this.#framesOwed,
      max_bytes: bytesMax,
      expires: toNanoseconds(heartbeatMs * HEARTBEATS_A_REQUEST),
      idle_heartbeat: toNanoseconds(heartbeatMs),
    };
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${this.#consumer}`;
    this.#client.publish(subject, new TextEncoder().encode(JSON.stringify(request)), { reply: this.#reply });
    this.#expectLife();
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#watchdog);
    this.#unsubscribe();
  }

  get #reply(): string {
    return `${this.#inbox}.${this.#requests}`;
  }

  async #create(): Promise<string> {
    const { stream, after, heartbeatMs } = this.#options;
    const config = {
      deliver_policy: "by_start_sequence",
      opt_start_seq: after + 1,
      ack_policy: "none",
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: toNanoseconds(heartbeatMs * HEARTBEATS_OF_A_CONSUMER),
    };
    const body = { stream_name: stream, config };
    const timeoutMs = heartbeatMs * 2;
    return (await askJetStream<{ name: string }>(this.#client, `CONSUMER.CREATE.${stream}`, body, { timeoutMs })).name;
  }

  #hear({ subject, reply, payload, status, statusText }: NatsMessage): void {
    if (this.#ended) return;
    this.#expectLife();
    if (status === 0) return this.#deliver(reply, payload);
    if (subject !== this.#reply) return; // of a request that has brought all it could
    if (status === IDLE_HEARTBEAT) return;
    if (status === CONFLICT && /MaxBytes/i.test(statusText)) return this.#tooLarge();
    if (status === NO_MESSAGES || status === REQUEST_EXPIRED) return this.#idle();
    this.#fail(`JetStream ends the consumer: ${statusText} (${status})`);
  }

  #deliver(reply: string, payload: Uint8Array): void {
    const place = parsePlace(reply);
    if (place?.delivered !== this.#delivered + 1) {
      return this.#fail(`frame ${this.#delivered + 1} of the consumer was to come, not "${reply}"`);
    }
    this.#delivered++;
    this.#options.onFrame(place.sequence, payload);
    if (--this.#framesOwed === 0) this.#options.onIdle();
  }

  #idle(): void {
    this.#framesOwed = 0;
    this.#options.onIdle();
  }

  /** Also said when a request brought some frames, and the next one does not fit beside them. */
  #tooLarge(): void {
    const broughtNone = this.#framesOwed === FRAMES_A_REQUEST;
    this.#framesOwed = 0;
    broughtNone ? this.#options.onTooLarge() : this.#options.onIdle();
  }

  #fail(reason: string): void {
    if (this.#ended) return;
    this.end();
    this.#options.onEnd(reason);
  }

  /** Without an open request it owes no sign of life. */
  #expectLife(): void {
    clearTimeout(this.#watchdog);
    const silenceMs = this.#options.heartbeatMs * 2;
    this.#watchdog = setTimeout(() => {
      if (this.#framesOwed > 0) this.#fail(`no sign of life from JetStream for ${silenceMs} ms`);
    }, silenceMs);
  }
}

/** `$JS.ACK.<stream>.<consumer>.<tries>.<sequence>.<delivered>.<time>.<pending>`; with a domain two tokens more (ADR-15). */
function parsePlace(reply: string): { sequence: number; delivered: number } | undefined {
  const tokens = reply.split(".");
  if (tokens[0] !== "$JS" || tokens[1] !== "ACK" || tokens.length < 9) return undefined;
  const at = tokens.length >= 11 ? 7 : 5;
  return { sequence: Number(tokens[at]), delivered: Number(tokens[at + 1]) };
}

function toNanoseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1_000_000);
}
