/** Clients of `GET /v1/stream` of a node process: Server-Sent Events and WebSockets, as any client sees them. */

import { readServerSentEvents, type ServerSentEvent } from "../../adapters/client/server_sent_events.ts";
import { eventually } from "./eventually.ts";

const PATIENCE = { timeoutMs: 20_000 };

export interface StreamClient extends AsyncDisposable {
  readonly messages: readonly ServerSentEvent[];
  /** Ids of the events that came, control messages left out. */
  readonly eventIds: string[];
  /** The cursor of the last event. */
  readonly lastId: string | undefined;
  /** Resolves once that many events came. */
  received(count: number): Promise<void>;
  /** Resolves when the stream has ended, whoever ended it. */
  readonly ended: Promise<void>;
}

/** Opens a stream; resolves when its ready message came. */
export async function openStream(
  url: string,
  query = "",
  headers: Record<string, string> = {},
): Promise<StreamClient> {
  const leave = new AbortController();
  const response = await fetch(`${url}/v1/stream${query}`, {
    headers: { accept: "text/event-stream", ...headers },
    signal: leave.signal,
  });
  if (response.status !== 200) throw new Error(`Cannot open stream: ${response.status} ${await response.text()}`);
  const messages: ServerSentEvent[] = [];
  const ended = (async () => {
    try {
      for await (const message of readServerSentEvents(response.body!)) messages.push(message);
    } catch {
      // The node was killed, or the test has left: either way the stream is over.
    }
  })();
  await eventually(() => messages.length > 0, PATIENCE);
  const events = () => messages.filter(({ id }) => id !== undefined);
  return {
    messages,
    get eventIds() {
      return events().map(({ data }) => JSON.parse(data).id);
    },
    get lastId() {
      return events().at(-1)?.id;
    },
    received: async (count) => void await eventually(() => events().length >= count, PATIENCE),
    ended,
    [Symbol.asyncDispose]: async () => {
      leave.abort();
      await ended;
    },
  };
}

export interface SocketClient extends Disposable {
  readonly socket: WebSocket;
  readonly texts: readonly string[];
  /** Resolves with the close code and reason. */
  readonly closed: Promise<{ code: number; reason: string }>;
  // deno-lint-ignore no-explicit-any -- messages of every shape
  readonly messages: any[];
  // deno-lint-ignore no-explicit-any -- messages of every shape
  until(fits: (message: any) => boolean): Promise<any>;
}

/** Opens a WebSocket; rejects when the node refuses it. */
export async function openSocket(url: string, query = "", protocols: string[] = []): Promise<SocketClient> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/v1/stream${query}`, protocols);
  const texts: string[] = [];
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.addEventListener("close", ({ code, reason }) => resolve({ code, reason }));
  });
  socket.addEventListener("message", ({ data }) => texts.push(String(data)));
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error("Cannot open WebSocket: the node refused it")));
  });
  const parse = () => texts.map((text) => JSON.parse(text));
  return {
    socket,
    texts,
    closed,
    get messages() {
      return parse();
    },
    until: (fits) =>
      eventually(() => {
        const found = parse().find(fits);
        if (found === undefined) throw new Error(`Cannot find the message: only ${texts.join(" ")} came`);
        return found;
      }, PATIENCE),
    [Symbol.dispose]: () => socket.close(),
  };
}
