/**
 * Sends one HTTP/1.1 request after the other on each of many connections, and measures: a process of its own, always on
 * Bun, so that both server runtimes meet the same load.
 *
 *     bun scripts/bench/load_generator.ts '<LoadOptions as JSON>'      prints a LoadReport as JSON
 *
 * It shares the machine with what it measures, so it does the least per request: bytes are made once and an id is
 * written over them; of an answer only the status and the length are read.
 */

import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import process from "node:process";

import { findResponse } from "./find_message.ts";

export interface LoadOptions {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  /** Not measured: compilers warm up, connections open. */
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Requests a second over all connections; without it each connection sends as soon as it was answered. */
  readonly ratePerSecond?: number;
  /** The whole request. `ID_PLACE` in it becomes another number in each request. */
  readonly request: string;
  /** Begins the ids, so that runs do not repeat each other's. Up to 8 characters. */
  readonly idPrefix: string;
}

export interface LoadReport {
  readonly requests: number;
  readonly perSecond: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** From the write to the end of the answer, ms. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Connections that ended early; none in a run that means something. */
  readonly broken: number;
}

/** Sixteen characters that a request carries where its id goes. */
export const ID_PLACE = "################";

/** Latencies kept: three minutes at 50,000 a second. What comes later is counted only. */
const LATENCIES_MAX = 9_000_000;

/** How often a paced run sends what is due. */
const PACE_MS = 2;

class LoadRun {
  readonly #options: LoadOptions;
  readonly #latencies = new Float32Array(LATENCIES_MAX);
  readonly #statuses = new Map<number, number>();
  readonly #idle: LoadConnection[] = [];
  readonly #paced: boolean;
  #measuring = false;
  #stopped = false;
  #requests = 0;
  #ids = 0;
  #broken = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#paced = options.ratePerSecond !== undefined;
  }

  async run(): Promise<LoadReport> {
    const { connections, warmUpMs, measureMs } = this.#options;
    const opened = await Promise.all(Array.from({ length: connections }, () => this.#open()));
    const pacing = this.#paced ? this.#pace() : undefined;
    if (this.#paced) this.#idle.push(...opened);
    else for (const connection of opened) connection.send(this.#ids++);
    await sleep(warmUpMs);
    this.#measuring = true;
    const startedAt = performance.now();
    await sleep(measureMs);
    const elapsedMs = performance.now() - startedAt;
    this.#measuring = false;
    this.#stopped = true;
    clearInterval(pacing);
    for (const connection of opened) connection.close();
    return this.#toReport(elapsedMs);
  }

  async #open(): Promise<LoadConnection> {
    const socket = connect({ host: this.#options.host, port: this.#options.port, noDelay: true });
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    const connection = new LoadConnection(socket, this.#options, (status, ms) => {
      if (this.#measuring) this.#note(status, ms);
      if (this.#stopped) return;
      if (this.#paced) this.#idle.push(connection);
      else connection.send(this.#ids++);
    });
    socket.on("error", () => undefined); // a close follows
    socket.on("close", () => this.#stopped || this.#broken++);
    return connection;
  }

  #note(status: number, ms: number): void {
    if (this.#requests < LATENCIES_MAX) this.#latencies[this.#requests] = ms;
    this.#requests++;
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
  }

  /** Sends what is due on the connections that are free; what has no free one is not caught up, the server sets the pace. */
  #pace(): ReturnType<typeof setInterval> {
    const perMs = this.#options.ratePerSecond! / 1000;
    let due = 0;
    let last = performance.now();
    return setInterval(() => {
      const now = performance.now();
      due = Math.min(due + (now - last) * perMs, this.#options.connections);
      last = now;
      for (; due >= 1 && this.#idle.length > 0; due--) this.#idle.shift()!.send(this.#ids++);
    }, PACE_MS);
  }

  #toReport(elapsedMs: number): LoadReport {
    const sorted = this.#latencies.subarray(0, Math.min(this.#requests, LATENCIES_MAX)).sort();
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return {
      requests: this.#requests,
      perSecond: this.#requests / elapsedMs * 1000,
      statuses: Object.fromEntries(this.#statuses),
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      maxMs: at(1),
      broken: this.#broken,
    };
  }
}

/** A connection with at most one request under way. */
class LoadConnection {
  readonly #socket: Socket;
  readonly #request: Buffer;
  readonly #idAt: number;
  readonly #idPrefix: string;
  readonly #onAnswer: (status: number, ms: number) => void;
  #sentAt = 0;
  /** What has come of an answer that is not complete; seldom anything. */
  #partial: Buffer | undefined;

  constructor(socket: Socket, options: LoadOptions, onAnswer: (status: number, ms: number) => void) {
    this.#socket = socket;
    this.#request = Buffer.from(options.request, "latin1");
    this.#idAt = this.#request.indexOf(ID_PLACE);
    this.#idPrefix = options.idPrefix.padEnd(8, "-");
    this.#onAnswer = onAnswer;
    if (this.#idAt >= 0) this.#request.write(this.#idPrefix, this.#idAt, "latin1");
    socket.on("data", (chunk) => this.#read(chunk));
  }

  send(id: number): void {
    this.#writeId(id);
    this.#sentAt = performance.now();
    this.#socket.write(this.#request);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Eight decimal digits over the last half of the place. */
  #writeId(id: number): void {
    if (this.#idAt < 0) return;
    for (let at = this.#idAt + 15, rest = id; at >= this.#idAt + 8; at--) {
      this.#request[at] = 0x30 + rest % 10;
      rest = Math.floor(rest / 10);
    }
  }

  #read(chunk: Buffer): void {
    const bytes = this.#partial === undefined ? chunk : Buffer.concat([this.#partial, chunk]);
    const place = findResponse(bytes);
    if (place === undefined) {
      this.#partial = bytes;
      return;
    }
    this.#partial = undefined;
    this.#onAnswer(place.status, performance.now() - this.#sentAt);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (import.meta.main) {
  const report = await new LoadRun(JSON.parse(process.argv[2])).run();
  process.stdout.write(`${JSON.stringify(report)}\n`);
  process.exit(0);
}
