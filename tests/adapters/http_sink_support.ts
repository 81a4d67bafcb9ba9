/** A real HTTP server on a free port that records what it gets, and sinks that push to it. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import type { SinkDelivery, SinkOutcome } from "../../node/sink.ts";
import { type Clock, systemClock } from "../../node/clock.ts";
import { HttpSink, type HttpSinkOptions, parseSinkPolicy } from "../../adapters/sink/http/mod.ts";
import { anEvent } from "../support/events.ts";

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  /** Names in lower case, values of repeats joined. */
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

export type Answer = (response: ServerResponse, request: ReceivedRequest) => void;

export class SinkServer implements AsyncDisposable {
  readonly requests: ReceivedRequest[] = [];
  /** Connections opened so far. */
  connections = 0;
  readonly #server: Server;
  #answer: Answer;

  private constructor(answer: Answer) {
    this.#answer = answer;
    this.#server = createServer((request, response) => void this.#receive(request, response));
    this.#server.on("connection", () => this.connections++);
  }

  /** A server that answers every request with `answer`; 204 by default. */
  static async start(answer: Answer = (response) => response.writeHead(204).end()): Promise<SinkServer> {
    const server = new SinkServer(answer);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  answerWith(answer: Answer): void {
    this.#answer = answer;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const headers = new Headers();
    for (let i = 0; i < request.rawHeaders.length; i += 2) {
      headers.append(request.rawHeaders[i], request.rawHeaders[i + 1]);
    }
    const body = new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
    const received = { method: request.method ?? "", path: request.url ?? "", headers, body };
    this.requests.push(received);
    this.#answer(response, received);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

/** An answer with a status, and whatever else. */
export const status =
  (code: number, headers: Record<string, string> = {}, body?: string | Uint8Array): Answer => (response) => {
    response.writeHead(code, headers);
    response.end(body);
  };

export const loopbackPolicy = parseSinkPolicy({ allowLoopback: true });

/** Wall clock that stands still; timers are real. */
export const wallAt = (wallMs: number): Clock => ({ ...systemClock, wall: () => wallMs });

export function aSink(url: string, options: Partial<HttpSinkOptions> = {}, clock: Clock = systemClock): HttpSink {
  return new HttpSink({ policy: loopbackPolicy, clock }, {
    url,
    method: "POST",
    headers: {},
    mode: "binary",
    timeoutMs: 5000,
    replies: true,
    headerEncoding: "percent",
    ...options,
  });
}

export function aDelivery(overrides: Partial<SinkDelivery> = {}): SinkDelivery {
  return { event: anEvent({ id: "event-1", data: "hi" }), deliveryId: "msg_1_1_billing", attempt: 1, ...overrides };
}

/** One delivery to a fresh sink. */
export function push(url: string, options: Partial<HttpSinkOptions> = {}, clock?: Clock): Promise<SinkOutcome> {
  return aSink(url, options, clock).deliver([aDelivery()], { signal: new AbortController().signal });
}
