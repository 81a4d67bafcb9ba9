/** Reads what a command is given as a file or on standard input. */

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

import { CommandError, ExitCode } from "./exit_codes.ts";
import type { Terminal } from "./terminal.ts";

/** Far above what a node takes for an event by any sensible setting; it ends an endless pipe. */
const INPUT_BYTES_MAX = 256 * 1024 * 1024;

/** The file, or standard input for `-`. */
export async function readInput(terminal: Terminal, name: string): Promise<Uint8Array> {
  if (name === "-") return await readAll(terminal.input);
  try {
    return await readFile(resolve(terminal.directory, name));
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const state = missing ? "there is no such file" : (cause as Error).message;
    throw new CommandError(missing ? ExitCode.notFound : ExitCode.failed, `Cannot read "${name}": ${state}`, { cause });
  }
}

async function readAll(input: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > INPUT_BYTES_MAX) {
      throw new CommandError(ExitCode.failed, `Cannot read standard input: it is longer than ${INPUT_BYTES_MAX} bytes`);
    }
  }
  const all = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
}
