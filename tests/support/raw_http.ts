/** Bytes to a port, and what comes back: for requests that no HTTP client would send. */

import { connect, type Socket } from "node:net";

export interface RawAnswer {
  readonly text: string;
  /** `undefined` when what came back is no HTTP answer. */
  readonly status: number | undefined;
  /** Whether the other side ended the connection. */
  readonly closed: boolean;
}

/** Sends and waits until the node closes, or until nothing has come for `quietMs`. */
export function sendRaw(url: string, bytes: Uint8Array | string, quietMs: number): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = connectTo(url);
    let text = "";
    const finish = (closed: boolean) => {
      socket.destroy();
      resolve({ text, status: toStatus(text), closed });
    };
    socket.setTimeout(quietMs, () => finish(false));
    socket.on("data", (data) => text += data.toString("latin1"));
    socket.on("error", () => finish(true));
    socket.on("close", () => finish(true));
    socket.write(bytes);
  });
}

/** Sends a start, then a piece at a time, until the node closes or answers, at most `forMs`. */
export function drip(
  url: string,
  { start, piece, everyMs, forMs }: { start: string; piece: string; everyMs: number; forMs: number },
): Promise<RawAnswer & { readonly afterMs: number }> {
  return new Promise((resolve) => {
    const began = performance.now();
    const socket = connectTo(url);
    let text = "";
    const finish = (closed: boolean) => {
      clearInterval(dripping);
      clearTimeout(late);
      socket.destroy();
      resolve({ text, status: toStatus(text), closed, afterMs: performance.now() - began });
    };
    const dripping = setInterval(() => socket.write(piece), everyMs);
    const late = setTimeout(() => finish(false), forMs);
    socket.on("data", (data) => {
      text += data.toString("latin1");
      if (text.includes("\r\n\r\n")) finish(true);
    });
    socket.on("error", () => finish(true));
    socket.on("close", () => finish(true));
    socket.write(start);
  });
}

function connectTo(url: string): Socket {
  const { hostname, port } = new URL(url);
  return connect(Number(port), hostname);
}

function toStatus(text: string): number | undefined {
  const match = /^HTTP\/1\.[01] (\d{3})/.exec(text);
  return match === null ? undefined : Number(match[1]);
}
