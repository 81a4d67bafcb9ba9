/** What a link is compared with: a stream of one nats-server that sources that of another over a leaf-node connection. */

import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { dialNats } from "../../adapters/link/nats/mod.ts";
import type { LinkBus } from "../../federation/mod.ts";
import { freePort } from "../../tests/support/free_port.ts";
import { natsBinary } from "../../tests/support/nats_binary.ts";
import { TemporaryDirectory } from "./child_process.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export interface SourcingRates {
  /** Messages a second, each message synced before it counts as stored. */
  readonly syncedPerSecond: number;
  /** … without a sync, which is what nats-server does unless it is told otherwise. */
  readonly unsyncedPerSecond: number;
}

const POLL_MS = 10;
const DIALS_MAX = 200;
const DIAL_PAUSE_MS = 50;
/** Fewer messages where each is synced. */
const SYNCED_SHARE = 0.1;

/** Measures both; `undefined` without a nats-server on this machine. */
export async function benchSourcing(messages: number, bytes: number): Promise<SourcingRates | undefined> {
  const { path } = natsBinary();
  if (path === undefined) return undefined;
  using directory = new TemporaryDirectory();
  const leafPort = await freePort();
  const leaves = `leafnodes { listen: "127.0.0.1:${leafPort}" }`;
  await using origin = await Nats.start(
    path,
    join(directory.path, "origin"),
    `jetstream { domain: a STORE }\n${leaves}`,
  );
  await origin.fill("orders", messages, bytes);
  await origin.fill("fewer", Math.ceil(messages * SYNCED_SHARE), bytes);
  const remotes = `leafnodes { remotes: [{ url: "nats://127.0.0.1:${leafPort}" }] }`;
  const rates: number[] = [];
  for (
    const [stream, count, sync] of [["fewer", Math.ceil(messages * SYNCED_SHARE), "always"], [
      "orders",
      messages,
      "2m",
    ]] as const
  ) {
    const store = `jetstream { domain: b, sync_interval: ${sync} STORE }`;
    await using target = await Nats.start(path, join(directory.path, sync), `${store}\n${remotes}`);
    rates.push(count / await target.source(stream, count) * 1000);
  }
  return { syncedPerSecond: rates[0], unsyncedPerSecond: rates[1] };
}

/** A nats-server with a client of it. */
class Nats implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #client: LinkBus;

  static async start(path: string, directory: string, config: string): Promise<Nats> {
    const port = await freePort();
    const file = `${directory}.conf`;
    const store = `, store_dir: ${JSON.stringify(directory)}`;
    writeFileSync(file, `listen: "127.0.0.1:${port}"\n${config.replace(" STORE", store)}\n`);
    const child = spawn(path, ["-c", file], { stdio: "ignore" });
    return new Nats(child, await dial(`nats://127.0.0.1:${port}`));
  }

  private constructor(child: ChildProcess, client: LinkBus) {
    this.#process = child;
    this.#client = client;
    this.#ended = new Promise((resolve) => child.once("exit", () => resolve()));
  }

  /** Makes a stream and fills it; messages go without a request, in order. */
  async fill(stream: string, messages: number, bytes: number): Promise<void> {
    await this.#api(`STREAM.CREATE.${stream}`, { name: stream, subjects: [`${stream}.>`], storage: "file" });
    const payload = new Uint8Array(bytes).fill(120);
    for (let i = 0; i < messages; i++) {
      this.#client.publish(`${stream}.placed`, payload);
      if (i % 1000 === 999) { while (this.#client.bufferedBytes > 0) await pause(1); }
    }
    await this.#untilStored(stream, messages);
  }

  /** Sources a stream of the other server. Answers how long it took from the first message to the last one, ms. */
  async source(stream: string, messages: number): Promise<number> {
    const source = { name: stream, external: { api: "$JS.a.API" } };
    await this.#api("STREAM.CREATE.copy", { name: "copy", storage: "file", sources: [source] });
    await this.#untilStored("copy", 1);
    const startedAt = performance.now();
    await this.#untilStored("copy", messages);
    return performance.now() - startedAt;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    this.#process.kill("SIGKILL");
    await this.#ended;
  }

  async #untilStored(stream: string, messages: number): Promise<void> {
    const giveUpAt = performance.now() + 180_000;
    for (;;) {
      const { state } = await this.#api(`STREAM.INFO.${stream}`) as { state: { messages: number } };
      if (state.messages >= messages) return;
      if (performance.now() > giveUpAt) {
        throw new Error(
          `Cannot wait for stream "${stream}" any longer: it has ${state.messages} of ${messages} messages`,
        );
      }
      await pause(POLL_MS);
    }
  }

  async #api(subject: string, body: unknown = {}): Promise<unknown> {
    const answer = await new Promise<Uint8Array | undefined>((resolve) =>
      this.#client.request(`$JS.API.${subject}`, encoder.encode(JSON.stringify(body)), {}, resolve)
    );
    if (answer === undefined) throw new Error(`Cannot ask nats-server for ${subject}: nobody answers`);
    const read = JSON.parse(decoder.decode(answer)) as { error?: { description: string } };
    if (read.error !== undefined) throw new Error(`Cannot ask nats-server for ${subject}: ${read.error.description}`);
    return read;
  }
}

/** Tries until the server listens. */
async function dial(url: string): Promise<LinkBus> {
  const bus = dialNats({ node: "bench" });
  for (let attempt = 0; attempt < DIALS_MAX; attempt++) {
    const dialled = await new Promise<Parameters<Parameters<typeof bus>[2]>[0]>((resolve) =>
      void bus(url, { timeoutMs: 2000 }, resolve)
    );
    if ("bus" in dialled) return dialled.bus;
    await pause(DIAL_PAUSE_MS);
  }
  throw new Error(`Cannot dial "${url}": nats-server does not get ready`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
