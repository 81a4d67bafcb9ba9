/** A real nats-server for one test: on a free port, with the configuration that the test wants, ended by its process id. */

import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

import { natsBinary } from "./nats_binary.ts";
import { type TempDir, tempDir } from "./temp_dir.ts";

export interface NatsServerOptions {
  readonly jetstream?: boolean;
  /** Clients must name it. */
  readonly token?: string;
  readonly user?: { readonly name: string; readonly password: string };
  /** Paths of PEM files; with `tlsOptional` clients may stay in the clear. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly tlsOptional?: boolean;
  readonly payloadBytesMax?: number;
  /** Appended to the configuration as it is. */
  readonly more?: string;
}

/** A loaded machine takes its time; an idle one needs 0.1 s. */
const START_TIMEOUT_MS = 20_000;

export class NatsServer implements AsyncDisposable {
  readonly #options: NatsServerOptions;
  readonly #temp: TempDir = tempDir();
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #output = "";
  #port = 0;

  private constructor(options: NatsServerOptions) {
    this.#options = options;
  }

  static async start(options: NatsServerOptions = {}): Promise<NatsServer> {
    const server = new NatsServer(options);
    try {
      await server.restart();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  /** What it logged, of all runs. */
  get output(): string {
    return this.#output;
  }

  /** Starts it, on the same port as before and on what it had stored. */
  async restart(): Promise<void> {
    const { path, absence } = natsBinary();
    if (path === undefined) throw new Error(`Cannot start nats-server:${absence}`);
    const config = join(this.#temp.path, "server.conf");
    writeFileSync(config, this.#config());
    const child = spawn(path, ["-c", config], { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    this.#ended = new Promise((resolve) => child.on("close", () => resolve()));
    this.#port = await this.#readPort(child);
  }

  /** Not `child.kill()`: on Deno the end of a child counts as killed from then on, whatever its exit code. */
  signal(name: "SIGTERM" | "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
    process.kill(this.#child!.pid!, name);
  }

  /** Ends it where it is. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Ends it as an operator would. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    this.#temp.dispose();
  }

  async #end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (this.#child?.pid === undefined) return;
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.signal(signal);
    await this.#ended;
    this.#child = undefined;
  }

  /** It logs where it listens, and then that it is ready. */
  #readPort(child: ChildProcess): Promise<number> {
    let log = "";
    return new Promise((resolve, reject) => {
      const fail = (state: string) => {
        clearTimeout(timer);
        reject(new Error(`Cannot start nats-server: ${state}; it wrote: ${log}`));
      };
      const timer = setTimeout(() => fail("it does not get ready"), START_TIMEOUT_MS);
      child.on("error", ({ message }) => fail(message));
      child.on("close", () => fail("it ended"));
      child.stderr!.on("data", (data) => {
        this.#output += data;
        log += data;
        if (!log.includes("Server is ready")) return;
        clearTimeout(timer);
        resolve(Number(/client connections on \S+:(\d+)/.exec(log)![1]));
      });
    });
  }

  #config(): string {
    const { jetstream, token, user, tls, tlsOptional, payloadBytesMax, more } = this.#options;
    return [
      `listen: "127.0.0.1:${this.#port || -1}"`,
      jetstream ? `jetstream { store_dir: ${quote(join(this.#temp.path, "jetstream"))}, sync_interval: always }` : "",
      token === undefined ? "" : `authorization { token: ${quote(token)} }`,
      user === undefined ? "" : `authorization { user: ${quote(user.name)}, password: ${quote(user.password)} }`,
      tls === undefined ? "" : `tls { cert_file: ${quote(tls.cert)}, key_file: ${quote(tls.key)}, timeout: 5 }`,
      tlsOptional ? "allow_non_tls: true" : "",
      payloadBytesMax === undefined ? "" : `max_payload: ${payloadBytesMax}`,
      more ?? "",
    ].join("\n");
  }
}

function quote(text: string): string {
  return JSON.stringify(text);
}
