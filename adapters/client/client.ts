/** A small client of a node: publish, and subscribe as an async iterator. Uses only `fetch`, so browsers run it too. */

import { readServerSentEvents, type ServerSentEvent } from "./server_sent_events.ts";

/** A CloudEvent as JSON sees it. `data` is any JSON value; binary data is `data_base64`. */
export interface JsonEvent {
  readonly specversion: string;
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly data?: unknown;
  readonly data_base64?: string;
  readonly [attribute: string]: unknown;
}

/** An event to publish: `type` is enough, the rest is filled in. */
export type NewEvent = Omit<Partial<JsonEvent>, "type"> & { readonly type: string };

export interface PublishReceipt {
  readonly cluster: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly position: number;
  readonly duplicate?: true;
}

export interface ClientOptions {
  /** Bearer token. */
  readonly token?: string;
  /** `source` of events that name none. Default `/clients/js`. */
  readonly source?: string;
  /** Replaces `fetch`, for tests and for special transports. */
  readonly fetch?: typeof fetch;
}

export interface SubscribeOptions {
  /** A CESQL expression. */
  readonly filter?: string;
  /** Competing consumers: each event goes to one member. */
  readonly group?: string;
  /** `now` (default), `earliest`, a position, an RFC 3339 time, or the cursor of the last event seen. */
  readonly since?: string;
  /** Ends the iteration. */
  readonly signal?: AbortSignal;
  /** Called when the node says that the subscription is in place. */
  readonly onReady?: () => void;
  /** Called when events are missing that the node no longer has: a resume after too long, or below retention. */
  readonly onGap?: (gap: Readonly<Record<string, unknown>>) => void;
}

/** An event that arrived, with its place in the log: pass the cursor as `since` to go on after it. */
export interface ReceivedEvent {
  readonly cursor: string;
  readonly event: JsonEvent;
  /** The event as it came: JSON whose big numbers are not rounded. */
  readonly text: string;
}

/** The node refused; `code` is stable, `problem` is the whole RFC 9457 document. */
export class WeftError extends Error {
  override readonly name = "WeftError";
  readonly code: string;
  readonly status: number;
  readonly problem: Readonly<Record<string, unknown>>;

  constructor(status: number, problem: Record<string, unknown>) {
    super(String(problem.detail ?? problem.title ?? `the node answered ${status}`));
    this.status = status;
    this.code = String(problem.code ?? "UNKNOWN");
    this.problem = problem;
  }
}

export interface Client {
  /** Resolves once the event is durable. Rejects with `WeftError`. Safe to repeat with the same `id`. */
  publish(event: NewEvent): Promise<PublishReceipt>;
  /** All or nothing. */
  publishBatch(events: readonly NewEvent[]): Promise<PublishReceipt[]>;
  /**
   * Events whose topic fits the pattern, as they come. A lost connection is made again, with a growing pause, and goes on
   * after the last event, without loss or repeat. Ends when `signal` aborts; throws `WeftError` when the node refuses.
   */
  subscribe(topic: string, options?: SubscribeOptions): AsyncIterableIterator<ReceivedEvent>;
  /** Any other request of the HTTP API; the parsed JSON answer. Rejects with `WeftError`. */
  request(method: string, path: string, body?: unknown): Promise<unknown>;
}

/**
 * @example
 * ```ts
 * const client = connect("http://127.0.0.1:7700");
 * await client.publish({ type: "order.placed", data: { total: 42 } });
 * for await (const { event } of client.subscribe("order.>")) console.log(event.data);
 * ```
 */
export function connect(url: string, options: ClientOptions = {}): Client {
  const base = url.replace(/\/+$/, "");
  const send = options.fetch ?? fetch;
  const authorization: Record<string, string> = options.token === undefined
    ? {}
    : { authorization: `Bearer ${options.token}` };

  async function request(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { ...authorization, ...init.headers as Record<string, string> };
    const response = await send(`${base}${path}`, { ...init, method, headers });
    if (response.ok) return response;
    throw new WeftError(response.status, await readProblem(response));
  }

  const post = async (contentType: string, body: unknown) => {
    const init = { headers: { "content-type": contentType }, body: JSON.stringify(body) };
    return await (await request("POST", "/v1/events", init)).json();
  };

  return {
    publish: (event) => post("application/cloudevents+json; charset=utf-8", complete(event, options)),
    publishBatch: async (events) => {
      const batch = events.map((event) => complete(event, options));
      return (await post("application/cloudevents-batch+json; charset=utf-8", batch)).receipts;
    },
    subscribe: (topic, subscribeOptions = {}) => subscribe(request, topic, subscribeOptions),
    request: async (method, path, body) => {
      const init = body === undefined
        ? {}
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
      const text = await (await request(method, path, init)).text();
      return text === "" ? undefined : JSON.parse(text);
    },
  };
}

type Request = (method: string, path: string, init?: RequestInit) => Promise<Response>;

/** Longest pause between two attempts to connect again. */
const PAUSE_MAX_MS = 10_000;

/** A node writes a comment every 15 s; a connection that says nothing for three times that is dead. */
const IDLE_MAX_MS = 45_000;

async function* subscribe(request: Request, topic: string, options: SubscribeOptions): AsyncGenerator<ReceivedEvent> {
  const { signal } = options;
  let cursor: string | undefined;
  for (let failures = 0; !signal?.aborted;) {
    try {
      const response = await request("GET", toStreamPath(topic, cursor, options), {
        headers: toHeaders(cursor),
        signal,
      });
      for await (const message of readServerSentEvents(response.body!, { idleMs: IDLE_MAX_MS })) {
        failures = 0;
        if (message.id === undefined) {
          const begin = takeControlMessage(message, options);
          cursor ??= begin;
        } else {
          cursor = message.id;
          yield { cursor, event: JSON.parse(message.data), text: message.data };
        }
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (isFinal(error)) throw error;
    }
    await pause(Math.min(PAUSE_MAX_MS, 100 * 2 ** failures++) * (0.5 + Math.random() / 2), signal);
  }
}

function toStreamPath(topic: string, cursor: string | undefined, { filter, group, since }: SubscribeOptions): string {
  const query = new URLSearchParams({ topic });
  if (filter !== undefined) query.set("filter", filter);
  if (group !== undefined) query.set("group", group);
  if (cursor === undefined && since !== undefined) query.set("since", since);
  return `/v1/stream?${query}`;
}

function toHeaders(cursor: string | undefined): Record<string, string> {
  const headers: Record<string, string> = { accept: "text/event-stream" };
  if (cursor !== undefined) headers["last-event-id"] = cursor;
  return headers;
}

/** What a node says beside events. The cursor of the place where the stream begins, if that is what it says. */
function takeControlMessage({ event, data }: ServerSentEvent, options: SubscribeOptions): string | undefined {
  if (event === "gap") options.onGap?.(JSON.parse(data));
  if (event !== "ready") return undefined;
  const { cursor } = JSON.parse(data);
  options.onReady?.();
  return cursor;
}

/** Whether connecting again would end in the same way. */
function isFinal(error: unknown): boolean {
  if (error instanceof WeftError) return error.status < 500 && error.status !== 429;
  return error instanceof RangeError || error instanceof SyntaxError;
}

function complete(event: NewEvent, options: ClientOptions): JsonEvent {
  return {
    specversion: "1.0",
    id: crypto.randomUUID(),
    source: options.source ?? "/clients/js",
    time: new Date().toISOString(),
    ...event,
  };
}

async function readProblem(response: Response): Promise<Record<string, unknown>> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { title: `the node answered ${response.status}`, detail: text.slice(0, 1000) };
  }
}

function pause(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, delayMs);
    signal?.addEventListener("abort", finish);
  });
}
