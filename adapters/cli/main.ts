/** The `weft` command. */

import process from "node:process";
import { parseArgs } from "node:util";

import { startNode } from "../assemble.ts";
import { configFlags, type FlagValues, loadConfig } from "../config/mod.ts";

const options = Object.fromEntries(configFlags.map(({ name }) => [name, { type: "string", multiple: true } as const]));
const { values } = parseArgs({ args: process.argv.slice(3), options });
const flags = values as FlagValues;
const { config } = await loadConfig({ flags, environment: process.env, directory: process.cwd() });
const running = await startNode(config);
process.stdout.write(`${JSON.stringify(running.ready)}\n`);
process.on("SIGTERM", () => void running.stop().then(() => process.exit(0)));
process.on("SIGINT", () => void running.stop().then(() => process.exit(0)));
