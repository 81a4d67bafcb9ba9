/** A running `store_program.ts`, on the runtime of the test itself. */

import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import type { ProgramCommit, ProgramLine } from "./store_program.ts";

const PROGRAM = fileURLToPath(new URL("./store_program.ts", import.meta.url));

export interface StoreProcessOptions {
  readonly dataDir: string;
  readonly synchronous?: "full" | "off";
  /** A command that runs the program, put before it: `["strace", "-f"]`. */
  readonly under?: readonly string[];
}

export class StoreProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #waiting = new Set<() => void>();
  /** Every line so far. */
  readonly lines: ProgramLine[] = [];
  #errors = "";
  #exited = false;

  private constructor({ dataDir, synchronous = "full", under = [] }: StoreProcessOptions) {
    const runtime = process.versions.deno === undefined
      ? [process.execPath]
      : [process.execPath, "run", "-A", "--no-check"];
    const [command, ...args] = [...under, ...runtime, PROGRAM, dataDir, synchronous];
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      this.lines.push(JSON.parse(line));
      this.#wake();
    });
    this.#child.stderr!.on("data", (data) => this.#errors += data);
    this.#child.stdin!.on("error", () => {}); // it was killed while we wrote
    this.#ended = new Promise((resolve) => {
      this.#child.on("close", () => {
        this.#exited = true;
        this.#wake();
        resolve();
      });
    });
  }

  /** Starts it and waits until its store is open. */
  static async start(options: StoreProcessOptions): Promise<StoreProcess> {
    const started = new StoreProcess(options);
    await started.until((lines) => lines.some(({ type }) => type === "open"));
    return started;
  }

  get head(): number {
    return this.lines.find((line) => line.type === "open")!.head;
  }

  get epoch(): number {
    return this.lines.find((line) => line.type === "open")!.epoch;
  }

  send(commit: ProgramCommit): void {
    this.#child.stdin!.write(`${JSON.stringify(commit)}\n`);
  }

  /** Waits for lines; throws if the process ends before they have come. */
  async until(done: (lines: readonly ProgramLine[]) => boolean): Promise<void> {
    while (!done(this.lines)) {
      if (this.#exited) throw new Error(`Cannot wait for store program: it ended; it wrote: ${this.#errors}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Ends it where it is, as `kill -9` does; what it had said before has been read. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  /** Lets it close its store and end. */
  async stop(): Promise<void> {
    this.#child.stdin!.end();
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#exited) await this.kill();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
