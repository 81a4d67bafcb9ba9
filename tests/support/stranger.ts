/**
 * A cluster written from docs/link-protocol.md, which shares no code with Weft: it joins a node, tells that it wants
 * `order.>`, takes frames and sends some. It keeps nothing, and speaks with one neighbour.
 */

import { crc32 } from "node:zlib";

import { connect, headers, type Msg, type NatsConnection } from "@nats-io/transport-node";

import { readFrame, type StrangerFrame, writeFrame } from "./stranger_frame.ts";
import { DatabaseMessage, hashOf, readDatabaseMessage, sealRecord } from "./stranger_records.ts";

export interface StrangerOptions {
  readonly url: string;
  readonly federation: string;
  readonly self: string;
  readonly token?: string;
  /** Classes of traffic that it says it takes. Default: it says nothing, as the first versions do. */
  readonly classes?: readonly string[];
}

interface Heard {
  readonly number: number;
  readonly at: number;
}

/** A JSON object of a peer. */
// deno-lint-ignore no-explicit-any -- tests look into what they expect
type Json = any;

const EPOCH = 5 * 2 ** 32 + 77;
const LINK_EPOCH = 5 * 2 ** 20 + 1;

export class Stranger implements AsyncDisposable {
  readonly #options: StrangerOptions;
  readonly #nats: NatsConnection;
  readonly #instance = `stranger-${Math.random().toString(36).slice(2)}`;
  readonly #records = new Map<string, Uint8Array>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #peer: string | undefined;
  #number = 0;
  #heard: Heard | undefined;
  #sentSequence = 0;
  #sentChain = { low: 0, high: 0 };
  #sentLoose = 0;
  /** The last full HELLO of the neighbour. */
  hello: Json;
  /** What it was refused for. */
  readonly refusals: Json[] = [];
  readonly frames: StrangerFrame[] = [];
  /** Those that are not in custody. */
  readonly looseFrames: StrangerFrame[] = [];
  readonly relayed: Json[] = [];

  private constructor(options: StrangerOptions, nats: NatsConnection) {
    this.#options = options;
    this.#nats = nats;
  }

  static async join(options: StrangerOptions): Promise<Stranger> {
    const { port, hostname } = new URL(options.url);
    const nats = await connect({
      servers: `${hostname}:${port}`,
      user: "weft-link",
      pass: options.token ?? "",
      noEcho: true,
      reconnect: false,
    });
    const stranger = new Stranger(options, nats);
    stranger.#listen();
    return stranger;
  }

  get peer(): string {
    if (this.#peer === undefined) throw new Error("Cannot name the peer: nobody was met");
    return this.#peer;
  }

  /** The sum of the hashes of the records that it holds, as HELLO tells it. */
  get root(): string {
    const sum = [0, 0];
    for (const record of this.#records.values()) {
      const { high, low } = hashOf(record);
      sum[0] = (sum[0] + high) >>> 0;
      sum[1] = (sum[1] + low) >>> 0;
    }
    const bytes = new Uint8Array(8);
    sum.forEach((half, i) => new DataView(bytes.buffer).setUint32(4 * i, half, true));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /** Sends an event over lane `normal`; answers what the neighbour answers. */
  async send(
    record: Uint8Array,
    { hops = [this.#options.self], sequence = this.#sentSequence + 1 }: { hops?: string[]; sequence?: number } = {},
  ): Promise<Json> {
    const isNext = sequence === this.#sentSequence + 1;
    const { bytes, chain } = writeFrame({
      linkEpoch: LINK_EPOCH,
      sequence,
      previousChain: this.#sentChain,
      origin: this.#options.self,
      epoch: EPOCH,
      hops,
      destination: this.peer,
      record,
    });
    const header = headers();
    header.set("Nats-Expected-Last-Sequence", String(sequence - 1));
    const answer = await this.#nats.request(this.#subject(`rx.${this.#options.self}.${this.peer}.normal`), bytes, {
      timeout: 10_000,
      headers: header,
    });
    const json = answer.json() as Json;
    if (isNext && json.error === undefined) {
      this.#sentSequence = sequence;
      this.#sentChain = chain;
    }
    return json;
  }

  /** Sends an event without custody: nobody answers. `sequence`: of the frame. */
  sendLoose(record: Uint8Array, { sequence = this.#sentLoose + 1 }: { sequence?: number } = {}): void {
    const { self } = this.#options;
    this.#sentLoose = sequence;
    const { bytes } = writeFrame({
      linkEpoch: LINK_EPOCH,
      sequence,
      previousChain: { low: 0, high: 0 },
      origin: self,
      epoch: EPOCH,
      hops: [self],
      destination: this.peer,
      record,
    });
    this.#nats.publish(this.#subject(`rx.${self}.${this.peer}.best-effort`), bytes);
  }

  /** Tells the neighbour what of its events has arrived, all of it again and again. */
  tellReceipt(epoch: number, intervals: readonly (readonly [number, number])[]): void {
    this.#relay("receipt", { epoch, version: intervals.length, part: 0, parts: 1, intervals, exceptions: [] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#nats.close();
  }

  #subject(rest: string): string {
    return `weft.v1.${this.#options.federation}.${rest}`;
  }

  #listen(): void {
    const { self } = this.#options;
    const on = (subject: string, listener: (message: Msg) => void) =>
      this.#nats.subscribe(subject, { callback: (_, message) => listener(message) });
    on("weft.v1.*.meet", (message) => this.#met(message.json()));
    on(this.#subject(`refuse.${this.#instance}`), (message) => this.refusals.push(message.json()));
    on(this.#subject(`l.*.${self}.*`), (message) => this.#controlled(message));
    on(this.#subject(`rx.*.${self}.*`), (message) => this.#framed(message));
    this.#nats.publish(this.#subject("meet"), JSON.stringify(this.#identity()));
  }

  #identity(): Json {
    const { federation, self } = this.#options;
    return { federation, cluster: self, node: self, epoch: EPOCH, instance: this.#instance, versions: [1, 1] };
  }

  #met({ cluster }: Json): void {
    if (this.#peer !== undefined) return;
    this.#peer = cluster;
    this.#sayHello();
    this.#timer = setInterval(() => this.#sayHello(), 250);
  }

  #sayHello(): void {
    const last = this.frames.at(-1);
    const received = last === undefined ? {} : {
      [last.lane]: { linkEpoch: last.linkEpoch, sequence: last.sequence, chain: last.chainHex },
    };
    const json = new TextEncoder().encode(JSON.stringify({
      ...this.#identity(),
      fence: 0,
      ackAfterSync: true,
      linkEpoch: LINK_EPOCH,
      received,
      root: this.root,
      loopLagMs: 0,
      congested: [],
      creditBytes: {},
    }));
    const bytes = new Uint8Array(20 + json.length);
    const view = new DataView(bytes.buffer);
    const now = performance.now();
    bytes[0] = 0x48;
    bytes[1] = 1;
    view.setUint32(2, crc32(json), true);
    view.setUint32(6, ++this.#number, true);
    view.setUint32(10, this.#heard?.number ?? 0, true);
    view.setUint16(14, this.#heard === undefined ? 0 : Math.min(65_535, Math.round(now - this.#heard.at)), true);
    view.setUint32(16, Math.floor(now) >>> 0, true);
    bytes.set(json, 20);
    this.#control("hello", bytes);
  }

  #control(kind: string, payload: Uint8Array | string): void {
    this.#nats.publish(this.#subject(`l.${this.#options.self}.${this.peer}.${kind}`), payload);
  }

  #controlled({ subject, data }: Msg): void {
    const kind = subject.split(".").at(-1);
    if (kind === "hello") this.#hearHello(data);
    else if (kind === "db") this.#hearDatabase(data);
    else if (kind === "relay") this.#hearRelay(JSON.parse(new TextDecoder().decode(data)));
  }

  #hearHello(data: Uint8Array): void {
    if (data.length === 0) return; // it always says all of it
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    this.#heard = { number: view.getUint32(6, true), at: performance.now() };
    const isFirst = this.hello === undefined;
    if (data[0] === 0x48) this.hello = JSON.parse(new TextDecoder().decode(data.subarray(20)));
    if (isFirst && this.hello !== undefined) this.#tellOwnRecords();
  }

  #tellOwnRecords(): void {
    const { self, classes } = this.#options;
    const topology = { links: [{ peer: this.peer, cost: 1, up: true }], classes };
    const interest = { wants: [{ pattern: "order.>", durable: true }] };
    const message = new DatabaseMessage();
    for (const [kind, body] of [topology, interest].entries()) {
      const record = sealRecord({ origin: self, kind, shard: 0, epoch: EPOCH, version: 1, body: JSON.stringify(body) });
      this.#records.set(`${self}/${kind}/0`, record);
      message.record(kind + 1, 600_000, record);
    }
    this.#repeat(() => !this.#acknowledged && message.bytes);
    this.#repeat((times) => {
      if (this.#answered) return false;
      const question = new DatabaseMessage();
      question.buckets(times, this.#records.values());
      return question.bytes;
    });
  }

  /** The neighbour may not have its link up yet, and then hears nothing; `false` ends it. */
  #repeat(compose: (times: number) => Uint8Array | false): void {
    let times = 0;
    const repeat = setInterval(() => {
      const bytes = !this.#nats.isClosed() && compose(++times);
      if (bytes === false) clearInterval(repeat);
      else this.#control("db", bytes);
    }, 200);
  }

  #acknowledged = false;
  #answered = false;

  #hearDatabase(data: Uint8Array): void {
    const answer = new DatabaseMessage();
    const { records, acks, walks, keys } = readDatabaseMessage(data);
    if (acks.length > 0) this.#acknowledged = true;
    if (keys !== undefined) this.#answered = true;
    for (const key of keys ?? []) if (key.origin !== this.#options.self) answer.want(key);
    for (const { tag, key, bytes } of records) {
      if (!key.startsWith(`${this.#options.self}/`)) this.#records.set(key, bytes);
      answer.ack(tag);
    }
    // It has nothing that was not sent: the answer names no key.
    for (const walk of walks) answer.noKeys(walk);
    if (answer.bytes.length > 1) this.#control("db", answer.bytes);
  }

  #hearRelay(message: Json): void {
    this.relayed.push(message);
    const { kind, body } = message;
    if (kind !== "receipt") return;
    const { epoch, version, intervals } = body;
    this.#relay("receipt-ack", { epoch, version, low: intervals.at(-1)?.[1] ?? 0, closed: false });
  }

  #relay(kind: string, body: Json): void {
    const { self } = this.#options;
    this.#control("relay", JSON.stringify({ to: this.peer, from: self, kind, hops: 0, body }));
  }

  #framed(message: Msg): void {
    const frame = readFrame(message.data);
    if (message.subject.endsWith(".best-effort")) return void this.looseFrames.push(frame);
    const last = this.frames.findLast(({ lane, linkEpoch }) => lane === frame.lane && linkEpoch === frame.linkEpoch);
    const [sequence, chain] = last === undefined ? [0, "0".repeat(16)] : [last.sequence, last.chainHex];
    if (frame.sequence !== sequence + 1 || frame.previousChainHex !== chain) {
      throw new Error(`Cannot take frame ${frame.sequence} after ${chain}: it follows ${sequence} and ${chain}`);
    }
    this.frames.push(frame);
    message.respond(JSON.stringify({ stream: "rx", seq: frame.sequence }));
  }
}
