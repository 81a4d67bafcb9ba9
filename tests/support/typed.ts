/** What somebody typed into a terminal: a shell with its children, and all that they wrote. */

import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";

export class Typed {
  readonly #child: ChildProcess;
  /** The exit code, `null` after a signal. */
  readonly ended: Promise<number | null>;
  #end: { readonly code: number | null } | undefined;
  #output = "";

  constructor(text: string, directory: string, env: NodeJS.ProcessEnv) {
    // A group of its own, so that everything it started ends with it.
    this.#child = spawn("sh", ["-c", text], { cwd: directory, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding("utf8");
      stream.on("data", (data: string) => this.#output += data);
    }
    this.ended = new Promise((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on("close", (code) => {
        this.#end = { code };
        resolve(code);
      });
    });
  }

  /** Both streams, in the order in which it came. */
  get output(): string {
    return this.#output;
  }

  /** Set once it has ended. */
  get end(): { readonly code: number | null } | undefined {
    return this.#end;
  }

  async kill(): Promise<void> {
    if (this.#end === undefined) process.kill(-this.#child.pid!, "SIGKILL");
    await this.ended;
  }
}
