/**
 * A node as a process of its own, started as users start it, on free ports and a data directory of its own; to be stopped,
 * killed and started again.
 *
 * @example
 * await using node = await NodeProcess.start();
 * await node.publish({ id: "1" });
 * await node.kill();
 * await node.restart();
 */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { binaryOf, type Runtime } from "../../scripts/check/mod.ts";
import { type ApiAnswer, type ApiEvent, callApi, STRUCTURED, toStructured } from "./http_api.ts";
import { type TempDir, tempDir } from "./temp_dir.ts";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The runtime that runs the test. */
export const thisRuntime: Runtime = process.versions.deno === undefined ? "bun" : "deno";

/** A start takes a second; a machine under load ten. Stopping takes up to `drainMs`. */
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;

/** What is kept of standard error, characters. */
const ERRORS_MAX = 100_000;

export interface NodeProcessOptions {
  /** Default: the runtime that runs the test. */
  readonly runtime?: Runtime;
  /** Default: a directory that goes with the node. */
  readonly dataDir?: string;
  /** The data directory is then left to the other settings. */
  readonly withoutDataDir?: boolean;
  /** Written to a file that is given with `--config`. */
  readonly config?: Record<string, unknown>;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether free ports are chosen. Default true. */
  readonly freePorts?: boolean;
  /** A command that runs the node, put before it: `["strace", "-f"]`. */
  readonly under?: readonly string[];
  /** Its main file. Default: that of this checkout. */
  readonly program?: string;
}

/** The line that a node prints when it is ready. */
export interface ReadyLine {
  readonly event: "ready";
  readonly http: string;
  readonly node: string;
  readonly cluster: string;
  readonly pid: number;
  readonly [field: string]: unknown;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Whoever ends early leaves no node behind: not a test that is interrupted, nor a script. */
const running = new Set<NodeProcess>();
process.on("exit", () => {
  for (const node of running) node.endNow();
});

export class NodeProcess implements AsyncDisposable {
  readonly #options: NodeProcessOptions;
  readonly #temp: TempDir;
  #program: string;
  #child!: ChildProcess;
  #ended!: Promise<ProcessEnd>;
  #end: ProcessEnd | undefined;
  #ready: ReadyLine | undefined;
  #stderr = "";
  /** Every line of standard output, of all runs. */
  readonly stdout: string[] = [];

  private constructor(options: NodeProcessOptions) {
    this.#options = options;
    this.#program = options.program ?? join(ROOT, "adapters", "cli", "main.ts");
    this.#temp = tempDir();
  }

  /** Starts a node and waits until it is ready. Rejects, with what it wrote, when it ends before. */
  static async start(options: NodeProcessOptions = {}): Promise<NodeProcess> {
    const node = new NodeProcess(options);
    try {
      await node.restart();
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
    return node;
  }

  get url(): string {
    return this.ready.http;
  }

  /** What it said when it was ready last. */
  get ready(): ReadyLine {
    if (this.#ready === undefined) throw new Error(`Cannot ask the node: it is not ready; it wrote: ${this.#stderr}`);
    return this.#ready;
  }

  get dataDir(): string {
    return this.#options.dataDir ?? join(this.#temp.path, "data");
  }

  /** What it wrote to standard error, of all runs. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Set once it has ended. */
  get end(): ProcessEnd | undefined {
    return this.#end;
  }

  get ended(): Promise<ProcessEnd> {
    return this.#ended;
  }

  /** Resident memory, bytes. Linux only. */
  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.ready.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
  }

  /** One request; `body` is sent as JSON unless it is text or bytes. */
  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    return await callApi(`${this.url}${path}`, method, body, headers);
  }

  /** Publishes in structured mode; source and type have defaults. */
  publish(event: ApiEvent, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    return this.call("POST", "/v1/events", toStructured(event), { ...STRUCTURED, ...headers });
  }

  signal(name: "SIGTERM" | "SIGINT" | "SIGSTOP" | "SIGCONT"): void {
    this.#send(name);
  }

  /** Ends it where it is. */
  async kill(): Promise<void> {
    if (this.#end !== undefined) return;
    this.#send("SIGKILL");
    await this.#ended;
  }

  /** For a process that is about to end itself: waits for nothing. */
  endNow(): void {
    try {
      this.#send("SIGKILL");
    } catch {
      // It has ended.
    }
    this.#temp.dispose();
  }

  /** SIGTERM, and what became of it. Rejects when the node goes on. */
  async stop(): Promise<ProcessEnd> {
    this.#send("SIGTERM");
    return await this.#within(STOP_TIMEOUT_MS, "still runs after SIGTERM", this.#ended);
  }

  /** Starts it on what it had kept; on other ports, unless they are fixed. `program`: another one from now on. */
  async restart({ program = this.#program }: { program?: string } = {}): Promise<void> {
    this.#program = program;
    await this.#within(START_TIMEOUT_MS, "does not get ready", this.#spawn());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child !== undefined && this.#end === undefined) {
      this.#send("SIGCONT"); // in case the test had stopped it
      await this.kill();
    }
    this.#temp.dispose();
  }

  // Not `child.kill()`: on Deno the end of a child counts as killed from then on, whatever its exit code.
  #send(signal: NodeJS.Signals): void {
    process.kill(this.#ready?.pid ?? this.#child.pid!, signal); // the child may be what the node runs under
  }

  async #spawn(): Promise<void> {
    const { runtime = thisRuntime, env = {}, under = [] } = this.#options;
    const [command, ...args] = [...under, ...commandOf(runtime, this.#program), ...this.#flags()];
    this.#end = this.#ready = undefined;
    const child = spawn(command, args, {
      cwd: this.#temp.path,
      env: { ...withoutSettings(process.env), ...this.#portSettings(), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    running.add(this);
    child.stderr!.on("data", (data) => this.#stderr = (this.#stderr + data).slice(-ERRORS_MAX));
    this.#ended = new Promise((resolve) => {
      child.on("close", (code, signal) => {
        running.delete(this);
        resolve(this.#end = { code, signal });
      });
    });
    await new Promise<void>((resolve, reject) => {
      child.on("error", reject);
      createInterface({ input: child.stdout! }).on("line", (line) => {
        this.stdout.push(line);
        if (!line.startsWith("{")) return;
        const said = JSON.parse(line);
        if (said.event !== "ready") return;
        this.#ready = said;
        resolve();
      });
      this.#ended.then(({ code, signal }) =>
        reject(new Error(`Cannot start node: it ended with ${code ?? signal}; it wrote: ${this.#stderr}`))
      );
    });
  }

  #flags(): string[] {
    const { config, withoutDataDir = false, flags = [] } = this.#options;
    const chosen = ["--log-format", "json", ...flags];
    if (!withoutDataDir) chosen.push("--data-dir", this.dataDir);
    if (config !== undefined) {
      const file = join(this.#temp.path, "weft.test.json");
      mkdirSync(this.#temp.path, { recursive: true });
      writeFileSync(file, JSON.stringify(config));
      chosen.push("--config", file);
    }
    return chosen;
  }

  #portSettings(): Record<string, string> {
    if (this.#options.freePorts === false) return {};
    return { WEFT_HTTP__PORT: "0", WEFT_NATS__PORT: "0", WEFT_GRPC__PORT: "0" };
  }

  async #within<T>(timeoutMs: number, what: string, waiting: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`Cannot wait for node: it ${what}; it wrote: ${this.#stderr}`)),
        timeoutMs,
      );
    });
    try {
      return await Promise.race([waiting, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function commandOf(runtime: Runtime, main: string): string[] {
  const binary = runtime === thisRuntime ? process.execPath : binaryOf(ROOT, runtime);
  return runtime === "deno" ? [binary, "run", "-A", "--no-check", main, "node"] : [binary, main, "node"];
}

/** The environment less what would configure the node behind the test's back. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("WEFT_")));
}
