/** The `weft` command: an adapter for people. `run_cli.ts` is where it begins to think. */

import process from "node:process";

import { createProcessTerminal } from "./process_terminal.ts";
import { runCli } from "./run_cli.ts";

const terminal = createProcessTerminal();
const exitCode = await runCli(process.argv.slice(2), terminal);
await terminal.flush();
// Not left to end by itself: idle connections of `fetch` would hold it for a while.
process.exit(exitCode);
