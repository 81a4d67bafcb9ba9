/** Runs commands inside the test, on a terminal that keeps what is written. */

import process from "node:process";

import { runCli } from "../../adapters/cli/run_cli.ts";
import type { Screen, Terminal } from "../../adapters/cli/terminal.ts";

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
  /** Standard input. */
  readonly input?: string;
  readonly isTerminal?: boolean;
  readonly colors?: boolean;
  readonly columns?: number;
  readonly interrupted?: AbortSignal;
  /** Called with each line of data as it is written. */
  readonly onLine?: (line: string) => void;
}

export interface Ran {
  readonly exitCode: number;
  /** Standard output. */
  readonly output: string;
  /** Standard error. */
  readonly chat: string;
  /** Standard output as JSON. */
  // deno-lint-ignore no-explicit-any -- tests look into answers of every shape
  readonly json: any;
  /** Standard output as JSON lines. */
  // deno-lint-ignore no-explicit-any -- as above
  readonly jsonLines: any[];
}

export class RecordingScreen implements Screen {
  readonly isTerminal: boolean;
  readonly colors: boolean;
  readonly columns: number;
  readonly #onLine: (line: string) => void;
  text = "";

  constructor({ isTerminal = false, colors = false, columns = 100, onLine = () => undefined }: RunOptions = {}) {
    this.isTerminal = isTerminal;
    this.colors = colors;
    this.columns = columns;
    this.#onLine = onLine;
  }

  write(text: string | Uint8Array): Promise<void> {
    const added = typeof text === "string" ? text : new TextDecoder().decode(text);
    this.text += added;
    if (added.endsWith("\n")) this.#onLine(added.trimEnd());
    return Promise.resolve();
  }
}

/** Runs `weft` with these words. */
export async function weft(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const output = new RecordingScreen(options);
  const chat = new RecordingScreen({ ...options, onLine: undefined });
  const terminal: Terminal = {
    environment: options.environment ?? {},
    directory: options.directory ?? process.cwd(),
    input: toInput(options.input ?? ""),
    output,
    chat,
    interrupted: options.interrupted ?? new AbortController().signal,
  };
  const exitCode = await runCli(words, terminal);
  return {
    exitCode,
    output: output.text,
    chat: chat.text,
    get json() {
      return JSON.parse(output.text);
    },
    get jsonLines() {
      return output.text.trimEnd().split("\n").map((line) => JSON.parse(line));
    },
  };
}

async function* toInput(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}
