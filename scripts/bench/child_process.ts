/** Starts the programs of a benchmark, talks to them in lines of JSON, and ends them by their id. */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const onBun = "Bun" in globalThis;

/** The runtime that is measured: the one that runs this. */
export const runtimeName: "bun" | "deno" = onBun ? "bun" : "deno";

/** Clients run on Bun always, so that servers of both runtimes meet the same ones. */
const bun = onBun ? process.execPath : join(root, "node_modules", "bun", "bin", "bun.exe");

/** No program of a benchmark says its first word later than this. */
const START_MS_MAX = 60_000;
const STOP_MS_MAX = 10_000;

/** How long a process has used the processors, µs. */
export interface CpuTime {
  readonly mainThreadUs: number;
  readonly allThreadsUs: number;
}

export class Child implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #lines: string[] = [];
  readonly #ended: Promise<void>;
  #buffer = "";
  #wake: () => void = () => undefined;
  #hasEnded = false;

  /** A program on the runtime that is measured. */
  static server(program: string, args: readonly string[] = []): Child {
    const options = onBun ? [] : ["run", "--allow-all", "--no-check"];
    return new Child(process.execPath, [...options, join(root, program), ...args]);
  }

  /** A program that makes or takes load; always on Bun. */
  static client(program: string, args: readonly string[] = []): Child {
    if (!existsSync(bun)) throw new Error(`Cannot start "${bun}": it is not there; run npm ci`);
    return new Child(bun, [join(root, program), ...args]);
  }

  private constructor(binary: string, args: readonly string[]) {
    this.#process = spawn(binary, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    this.#ended = new Promise((resolve) => this.#process.once("exit", () => resolve()));
    this.#ended.then(() => {
      this.#hasEnded = true;
      this.#wake();
    });
    this.#process.stdout!.on("data", (chunk) => this.#read(String(chunk)));
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** The next line as JSON; lines that are none are skipped. Rejects when the process ends or takes too long. */
  async next<Message>(timeoutMs = START_MS_MAX): Promise<Message> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      for (let line = this.#lines.shift(); line !== undefined; line = this.#lines.shift()) {
        if (line.startsWith("{")) return JSON.parse(line);
      }
      const leftMs = until - performance.now();
      if (leftMs <= 0) throw new Error(`Cannot read process ${this.pid}: it said nothing for ${timeoutMs} ms`);
      if (this.#hasEnded) throw new Error(`Cannot read process ${this.pid}: it ended; see its messages above`);
      await this.#change(leftMs);
    }
  }

  /** Memory in use, bytes; `undefined` where the system does not tell. */
  residentBytes(): number | undefined {
    const match = /VmRSS:\s+(\d+) kB/.exec(readIfThere(`/proc/${this.pid}/status`) ?? "");
    return match === null ? undefined : Number(match[1]) * 1024;
  }

  /** `undefined` where the system does not tell. */
  cpuTime(): CpuTime | undefined {
    const main = readIfThere(`/proc/${this.pid}/task/${this.pid}/schedstat`);
    const all = readIfThere(`/proc/${this.pid}/stat`)?.replace(/^.*\) /s, "").split(" ");
    if (main === undefined || all === undefined) return undefined;
    // Fields 14 and 15 of stat: user and system time in ticks of 10 ms.
    return {
      mainThreadUs: Number(main.split(" ")[0]) / 1000,
      allThreadsUs: (Number(all[11]) + Number(all[12])) * 10_000,
    };
  }

  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    this.#process.kill("SIGTERM");
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), STOP_MS_MAX);
    await this.#ended;
    clearTimeout(timer);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #read(text: string): void {
    const lines = (this.#buffer + text).split("\n");
    this.#buffer = lines.pop()!;
    this.#lines.push(...lines);
    this.#wake();
  }

  async #change(timeoutMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, timeoutMs);
    });
    clearTimeout(timer);
  }
}

/** A directory that is gone after its use. */
export class TemporaryDirectory implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "weft-bench-"));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
