/**
 * A webhook that answers 204 at once, and tells how many requests came a second.
 *
 *     bun scripts/bench/sink_server.ts <requests to warm up> <requests to measure>
 *
 * Prints {"http":"http://127.0.0.1:…"} when it listens, and a SinkReport once it has seen the last request.
 */

import { Buffer } from "node:buffer";
import { createServer, type Socket } from "node:net";
import process from "node:process";

import { findRequestEnd } from "./find_message.ts";

export interface SinkReport {
  readonly perSecond: number;
}

const ANSWER = Buffer.from("HTTP/1.1 204 No Content\r\n\r\n");

const warmUp = Number(process.argv[2]);
const measured = Number(process.argv[3]);
let requests = 0;
let startedAt = 0;

function take(socket: Socket): void {
  requests++;
  if (requests === warmUp) startedAt = performance.now();
  if (requests === warmUp + measured) {
    const perSecond = measured / (performance.now() - startedAt) * 1000;
    process.stdout.write(`${JSON.stringify({ perSecond } satisfies SinkReport)}\n`);
  }
  socket.write(ANSWER);
}

function serve(socket: Socket): void {
  let rest: Buffer | undefined;
  socket.setNoDelay(true);
  socket.on("error", () => undefined); // the client is gone
  socket.on("data", (chunk) => {
    let bytes: Buffer = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    for (let end = findRequestEnd(bytes); end !== undefined; end = findRequestEnd(bytes)) {
      take(socket);
      bytes = bytes.subarray(end);
    }
    rest = bytes.length > 0 ? bytes : undefined;
  });
}

const server = createServer(serve).listen(0, "127.0.0.1", () => {
  const { port } = server.address() as { port: number };
  process.stdout.write(`${JSON.stringify({ http: `http://127.0.0.1:${port}/` })}\n`);
});
