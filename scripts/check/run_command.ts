/** Runs a command to its end, or to the end of its time. */

import { spawn } from "node:child_process";
import process from "node:process";

export interface Outcome {
  /** The exit code; `undefined` when a signal or the deadline ended the process. */
  readonly code: number | undefined;
  /** Everything that was written, both streams in the order of arrival; cut in the middle past `outputCharsMax`. */
  readonly output: string;
  readonly durationMs: number;
  readonly timedOut: boolean;
}

export interface CommandOptions {
  readonly cwd: string;
  readonly timeoutMs: number;
}

/** A failing test may print without end; what is kept is enough to see why. */
const outputCharsMax = 400_000;

export function runCommand(command: readonly string[], { cwd, timeoutMs }: CommandOptions): Promise<Outcome> {
  const startedAt = performance.now();
  // A group of its own, so that what a test started and left behind ends with it.
  const child = spawn(command[0], command.slice(1), {
    cwd,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  const chunks = collect(child.stdout, child.stderr);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child.pid);
  }, timeoutMs);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", () => killGroup(child.pid));
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({
        code: code ?? undefined,
        output: shorten(chunks),
        durationMs: performance.now() - startedAt,
        timedOut,
      });
    });
  });
}

function collect(...streams: NodeJS.ReadableStream[]): string[] {
  const chunks: string[] = [];
  let chars = 0;
  for (const stream of streams) {
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => {
      chars += chunk.length;
      if (chars <= 2 * outputCharsMax) chunks.push(chunk);
    });
  }
  return chunks;
}

function shorten(chunks: readonly string[]): string {
  const text = chunks.join("");
  if (text.length <= outputCharsMax) return text;
  const half = outputCharsMax / 2;
  return `${text.slice(0, half)}\n… ${text.length - outputCharsMax} characters left out …\n${text.slice(-half)}`;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group has ended already, which is how it should be.
  }
}
