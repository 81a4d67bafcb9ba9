/**
 * Reads what a NATS client sends, in whatever pieces it arrives. Memory is bounded: by the longest line, and by the
 * payload that a message announces, of which room is made as it comes.
 */

import { Buffer } from "node:buffer";

import { CONTROL_LINE_BYTES_MAX } from "./limits.ts";
import { LineTokens } from "./line_tokens.ts";
import { type OperationName, operationOf } from "./operation.ts";
import { PayloadReader } from "./payload_reader.ts";

/** What a client publishes. Bytes are views of what arrived, or of a buffer of their own; nobody writes to them later. */
export interface ClientMessage {
  /** Empty when it is not UTF-8. */
  readonly subject: string;
  readonly reply: string | undefined;
  /** The header block, `NATS/1.0\r\n` and the empty line included. */
  readonly headers: Uint8Array | undefined;
  readonly payload: Uint8Array;
}

/** Why a connection ends: what `-ERR` says of it; `undefined` where nats-server closes without a word. */
export interface ProtocolFault {
  readonly error: string | undefined;
}

/** Called in the order of the operations. May set `hold`; must not throw. */
export interface ProtocolHandler {
  connect(options: string): void;
  publish(message: ClientMessage): void;
  subscribe(subject: string, queue: string | undefined, sid: string): void;
  /** `max`: messages after which it ends, counted from its beginning; without: at once. */
  unsubscribe(sid: string, max: number | undefined): void;
  ping(): void;
  pong(): void;
  /** Nothing is read any more. */
  fault(fault: ProtocolFault): void;
}

/** What may be read now: everything, nothing, or SUB alone (while subscriptions come into place). */
export type Hold = "nothing" | "everything" | "allButSubscribe";

export class ProtocolParser {
  readonly #handler: ProtocolHandler;
  readonly #payloadBytesMax: number;
  readonly #tokens = new LineTokens();
  readonly #payload = new PayloadReader();
  #subject = "";
  #reply: string | undefined;
  #headerBytes = -1;
  /** The beginning of a line whose end has not come. */
  #line: Buffer | undefined;
  /** What came while something was held. */
  #waiting: Buffer[] = [];
  #running = false;
  #ended = false;
  #hold: Hold = "nothing";
  /** Nobody has said who he is: only CONNECT is read. */
  connectOnly = false;
  /** Whether the client said that it knows headers. */
  headers = false;

  constructor(handler: ProtocolHandler, options: { readonly payloadBytesMax: number }) {
    this.#handler = handler;
    this.#payloadBytesMax = options.payloadBytesMax;
  }

  get hold(): Hold {
    return this.#hold;
  }

  /** With less held, what waited is read at once. */
  set hold(hold: Hold) {
    this.#hold = hold;
    if (!this.#running) this.#run();
  }

  /** Whether something came that cannot be read now. */
  get waiting(): boolean {
    return !this.#running && this.#waiting.length > 0;
  }

  /** Reads on. Keeps what is held: the caller stops reading its socket meanwhile. */
  push(chunk: Buffer): void {
    if (this.#ended) return;
    this.#waiting.push(chunk);
    if (!this.#running) this.#run();
  }

  /** Reads nothing any more. */
  end(): void {
    this.#ended = true;
    this.#waiting = [];
    this.#line = undefined;
    this.#payload.clear();
  }

  #run(): void {
    this.#running = true;
    while (this.#waiting.length > 0 && this.#hold !== "everything") {
      const chunk = this.#waiting[0];
      const read = this.#read(chunk);
      if (this.#ended) break;
      if (read < chunk.length) {
        this.#waiting[0] = chunk.subarray(read);
        break;
      }
      this.#waiting.shift();
    }
    this.#running = false;
  }

  /** How much of a chunk was read; all of it unless something is held. */
  #read(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && !this.#ended && this.#hold !== "everything") {
      if (this.#payload.open) at = this.#readPayload(chunk, at);
      else if (this.#hold === "allButSubscribe" && !this.#isSubscribe(chunk, at)) return at;
      else at = this.#readLine(chunk, at);
    }
    return at;
  }

  #isSubscribe(chunk: Buffer, at: number): boolean {
    const first = this.#line?.[0] ?? chunk[at];
    return (first | 0x20) === 0x73;
  }

  #readLine(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(LF, at);
    if (this.#line !== undefined) return this.#finishLine(this.#line, chunk, at, end);
    if (end < 0) this.#keepLine(chunk.subarray(at));
    else this.#operate(chunk, at, end);
    return end < 0 ? chunk.length : end + 1;
  }

  #finishLine(start: Buffer, chunk: Buffer, at: number, end: number): number {
    const stop = end < 0 ? chunk.length : end + 1;
    if (start.length + stop - at > LINE_BYTES_MAX) {
      this.#fault("maximum control line exceeded");
      return chunk.length;
    }
    const line = Buffer.concat([start, chunk.subarray(at, stop)]);
    if (end < 0) {
      this.#keepLine(line);
    } else {
      this.#line = undefined;
      this.#operate(line, 0, line.length - 1);
    }
    return stop;
  }

  /** A copy, since the chunk may be large; what can become no operation is refused at once. */
  #keepLine(start: Buffer): void {
    if (start.length > LINE_BYTES_MAX) return this.#fault("maximum control line exceeded");
    if (this.#refusesUnnamed(start[0])) return;
    if (operationOf(start, 0, start.length, false) === undefined) return this.#fault(UNKNOWN);
    this.#line = Buffer.from(start);
  }

  #refusesUnnamed(first: number): boolean {
    if (!this.connectOnly || (first | 0x20) === 0x63) return false;
    this.#fault("Authorization Violation");
    return true;
  }

  /** One line: from `at` up to the line feed at `end`. */
  #operate(bytes: Buffer, at: number, end: number): void {
    if (this.#refusesUnnamed(bytes[at])) return;
    const operation = operationOf(bytes, at, end, true);
    if (operation === undefined) return this.#fault(UNKNOWN);
    const from = at + operation.length;
    const to = end > from && bytes[end - 1] === CR ? end - 1 : end;
    if (to - from > CONTROL_LINE_BYTES_MAX) return this.#fault("maximum control line exceeded");
    this.#dispatch(operation.name, bytes, from, to);
  }

  #dispatch(name: OperationName, bytes: Buffer, from: number, to: number): void {
    switch (name) {
      case "pub":
        return this.#publish(this.#tokens.split(bytes, from, to), false);
      case "hpub":
        return this.headers ? this.#publish(this.#tokens.split(bytes, from, to), true) : this.#fault(undefined);
      case "sub":
        return this.#subscribe(this.#tokens.split(bytes, from, to));
      case "unsub":
        return this.#unsubscribe(this.#tokens.split(bytes, from, to));
      case "ping":
        return this.#handler.ping();
      case "pong":
        return this.#handler.pong();
      case "connect":
        return this.#handler.connect(bytes.toString("utf8", from, to).trim());
      case "+ok":
      case "info":
        return; // what only servers say; of no meaning here
      case "-err":
        return this.#fault(undefined); // the client gives up
    }
    name satisfies never;
  }

  #publish(tokens: LineTokens, withHeaders: boolean): void {
    const sizes = withHeaders ? 2 : 1;
    const { count } = tokens;
    if (count !== 1 + sizes && count !== 2 + sizes) return this.#fault(undefined);
    const size = tokens.size(count - 1);
    const headerBytes = withHeaders ? tokens.size(count - 2) : 0;
    if (size < 0 || headerBytes < 0 || headerBytes > size) return this.#fault(undefined);
    if (size > this.#payloadBytesMax) return this.#fault("Maximum Payload Violation");
    this.#subject = tokens.text(0, this.#subject);
    this.#reply = count === 2 + sizes ? tokens.text(1, this.#reply) : undefined;
    this.#headerBytes = headerBytes;
    this.#payload.begin(size);
  }

  #readPayload(chunk: Buffer, at: number): number {
    const next = this.#payload.read(chunk, at);
    if (next < 0) {
      this.#fault(UNKNOWN);
      return chunk.length;
    }
    const bytes = this.#payload.take();
    if (bytes === undefined) return next;
    const headerBytes = this.#headerBytes;
    this.#handler.publish({
      subject: this.#subject,
      reply: this.#reply,
      headers: headerBytes === 0 ? undefined : bytes.subarray(0, headerBytes),
      payload: headerBytes === 0 ? bytes : bytes.subarray(headerBytes),
    });
    return next;
  }

  #subscribe(tokens: LineTokens): void {
    const { count } = tokens;
    if (count !== 2 && count !== 3) return this.#fault(undefined);
    this.#handler.subscribe(tokens.text(0), count === 3 ? tokens.text(1) : undefined, tokens.text(count - 1));
  }

  #unsubscribe(tokens: LineTokens): void {
    const { count } = tokens;
    if (count !== 1 && count !== 2) return this.#fault(undefined);
    const max = count === 2 ? tokens.size(1) : 0;
    this.#handler.unsubscribe(tokens.text(0), max > 0 ? max : undefined);
  }

  #fault(error: string | undefined): void {
    this.end();
    this.#handler.fault({ error });
  }
}

const LF = 10;
const CR = 13;
const UNKNOWN = "Unknown Protocol Operation";
/** The name of the operation and the line's end come on top. */
const LINE_BYTES_MAX = CONTROL_LINE_BYTES_MAX + 16;
