/** The options of a script. What is said of them at the head of its file is its help as well. */

import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs, type ParseArgsConfig } from "node:util";

/**
 * As `parseArgs()` of `node:util`, for the command line of the script with the URL `script`. `--help` prints the comment that its file begins
 * with, and ends the process with 0; an option that it does not have, or that lacks a value, is told, and ends it with 2.
 */
export function readOptions<const Config extends ParseArgsConfig>(
  script: string,
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  if (process.argv.slice(2).includes("--help")) {
    process.stdout.write(`${headOf(script)}\n`);
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}; --help tells what there is\n`);
    process.exit(2);
  }
}

/** The text of the comment at the head of a file. */
export function headOf(script: string): string {
  const source = readFileSync(fileURLToPath(script), "utf8");
  const [, comment] = /^\/\*\*\n(.*?)\n \*\//s.exec(source)!;
  return comment.replaceAll(/^ \* ?/gm, "");
}
