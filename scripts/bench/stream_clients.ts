/**
 * Many clients of `GET /v1/stream`, which count the events that they get.
 *
 *     bun scripts/bench/stream_clients.ts '{"url":…,"subscribers":1000,"phases":[200,1000]}'
 *
 * Prints {"connected":n} once every client has its `ready` message, and a StreamReport whenever all clients have got the
 * events of the next phase.
 */

import { Buffer } from "node:buffer";
import { connect } from "node:net";
import process from "node:process";

export interface StreamReport {
  readonly deliveries: number;
  /** From the first event of the phase to its last. */
  readonly elapsedMs: number;
}

interface StreamOptions {
  readonly url: string;
  readonly subscribers: number;
  /** Events of each phase. */
  readonly phases: readonly number[];
}

/** Counts the occurrences of a text in bytes that come in pieces. */
class Counter {
  readonly #mark: Buffer;
  #tail: Buffer = Buffer.alloc(0);

  constructor(mark: string) {
    this.#mark = Buffer.from(mark);
  }

  count(chunk: Buffer): number {
    const keep = this.#mark.length - 1;
    // The tail is shorter than the text, so that only what spans both pieces can be found here.
    let found = occurrences(Buffer.concat([this.#tail, chunk.subarray(0, keep)]), this.#mark);
    found += occurrences(chunk, this.#mark);
    if (chunk.length >= keep) this.#tail = Buffer.from(chunk.subarray(chunk.length - keep));
    else this.#tail = Buffer.concat([this.#tail, chunk]).subarray(-keep);
    return found;
  }
}

function occurrences(bytes: Buffer, mark: Buffer): number {
  let found = 0;
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length)) found++;
  return found;
}

function main({ url, subscribers, phases }: StreamOptions): void {
  const { hostname, port, pathname, search, host } = new URL(url);
  const request = `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\n\r\n`;
  let ready = 0;
  let deliveries = 0;
  let phase = 0;
  let startedAt = 0;
  const note = (events: number) => {
    if (events === 0) return;
    if (startedAt === 0) startedAt = performance.now();
    deliveries += events;
    if (deliveries < phases[phase] * subscribers) return;
    const report: StreamReport = { deliveries, elapsedMs: performance.now() - startedAt };
    process.stdout.write(`${JSON.stringify(report)}\n`);
    deliveries = 0;
    startedAt = 0;
    phase++;
  };
  for (let i = 0; i < subscribers; i++) {
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(request));
    const readies = new Counter("\nevent: ready\n");
    const events = new Counter("\nevent: order.placed\n");
    let isReady = false;
    socket.on("data", (chunk) => {
      if (!isReady && readies.count(chunk) > 0) {
        isReady = true;
        if (++ready === subscribers) process.stdout.write(`${JSON.stringify({ connected: ready })}\n`);
      }
      note(events.count(chunk));
    });
    socket.on("error", (error) => fail(error.message));
    socket.on("close", () => fail("the node closed a stream"));
  }
}

function fail(why: string): never {
  process.stderr.write(`Cannot go on streaming: ${why}\n`);
  process.exit(1);
}

if (import.meta.main) main(JSON.parse(process.argv[2]));
