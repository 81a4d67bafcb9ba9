/** Clients of `GET /v1/stream` for tests: they keep what they got, and wait for what should come. */

import { readServerSentEvents, type ServerSentEvent } from "../../adapters/client/server_sent_events.ts";
import { eventually } from "../support/eventually.ts";
import type { TestDoor } from "./door_support.ts";

export interface StreamReader extends AsyncDisposable {
  readonly messages: ServerSentEvent[];
  /** Ids of the events that came, control messages left out. */
  readonly eventIds: string[];
  /** Resolves once that many events came. */
  received(count: number): Promise<void>;
  /** Resolves when the node has ended the stream. */
  readonly ended: Promise<void>;
}

/** Reads a stream; resolves when its ready message came. */
export async function readStream(
  door: TestDoor,
  query = "",
  headers: Record<string, string> = {},
): Promise<StreamReader> {
  const response = await door.open("GET", `/v1/stream${query}`, { headers });
  if (response.status !== 200) throw new Error(`the door answered ${response.status}: ${await response.text()}`);
  const messages: ServerSentEvent[] = [];
  const iterator = readServerSentEvents(response.body!);
  const ended = (async () => {
    for await (const message of iterator) messages.push(message);
  })();
  const eventIds = () => messages.filter(({ id }) => id !== undefined).map(({ data }) => JSON.parse(data).id);
  await eventually(() => messages.length > 0);
  return {
    messages,
    get eventIds() {
      return eventIds();
    },
    received: async (count) => void await eventually(() => eventIds().length >= count),
    ended,
    [Symbol.asyncDispose]: async () => {
      // A reader that waits for the next message only hears of its end from the other side.
      door.drain();
      await ended;
    },
  };
}

export interface SocketReader {
  readonly socket: WebSocket;
  // deno-lint-ignore no-explicit-any -- messages of every shape
  readonly messages: any[];
  /** Messages as they came. */
  readonly texts: string[];
  /** Resolves with the close code and reason. */
  readonly closed: Promise<{ code: number; reason: string }>;
  /** Resolves with the first message of that kind. */
  // deno-lint-ignore no-explicit-any -- messages of every shape
  kind(kind: string): Promise<any>;
}

/** Opens a WebSocket; resolves when it is open. */
export async function openSocket(door: TestDoor, query = "", protocols: string[] = []): Promise<SocketReader> {
  const url = `${(await door.serve()).replace("http", "ws")}/v1/stream${query}`;
  const socket = new WebSocket(url, protocols);
  const texts: string[] = [];
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.addEventListener("close", ({ code, reason }) => resolve({ code, reason }));
  });
  socket.addEventListener("message", ({ data }) => texts.push(data));
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error("the WebSocket was refused")));
  });
  const parse = () => texts.map((text) => JSON.parse(text));
  return {
    socket,
    texts,
    closed,
    get messages() {
      return parse();
    },
    kind: (kind) =>
      eventually(() => {
        const found = parse().find((message) => message.kind === kind);
        if (found === undefined) throw new Error(`no message of kind "${kind}" among ${texts.join(" ")}`);
        return found;
      }),
  };
}
