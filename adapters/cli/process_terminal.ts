/** The terminal of this process. */

import process from "node:process";
import type { WriteStream } from "node:tty";

import { ExitCode } from "./exit_codes.ts";
import { onStopSignals } from "./stop_signals.ts";
import type { Screen, Terminal } from "./terminal.ts";

const COLUMNS_DEFAULT = 100;

export interface ProcessTerminal extends Terminal {
  /** Resolves when everything written has left the process. */
  flush(): Promise<void>;
}

export function createProcessTerminal(): ProcessTerminal {
  let interrupted: AbortSignal | undefined;
  // A reader that has had enough (`weft sub … | head`) ends the command, and is no error.
  process.stdout.on("error", () => process.exit(ExitCode.ok));
  return {
    environment: process.env,
    directory: process.cwd(),
    input: process.stdin,
    output: toScreen(process.stdout),
    chat: toScreen(process.stderr),
    get interrupted() {
      return interrupted ??= watchSignals();
    },
    flush: async () => {
      await Promise.all([process.stdout, process.stderr].map((stream) => flush(stream)));
    },
  };
}

/** The first signal lets the command end in order, a later one ends it. */
function watchSignals(): AbortSignal {
  const controller = new AbortController();
  onStopSignals(["SIGINT", "SIGTERM"], {
    first: () => controller.abort(),
    again: () => process.exit(ExitCode.interrupted),
  });
  return controller.signal;
}

function toScreen(stream: WriteStream): Screen {
  const isTerminal = stream.isTTY === true;
  return {
    isTerminal,
    // https://no-color.org
    colors: isTerminal && !process.env.NO_COLOR && process.env.TERM !== "dumb",
    get columns() {
      return stream.columns ?? COLUMNS_DEFAULT;
    },
    write: async (text) => {
      if (!stream.write(text)) await new Promise<void>((resolve) => stream.once("drain", () => resolve()));
    },
  };
}

function flush(stream: WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write("", () => resolve()));
}
