/** The `weft` command. */

import process from "node:process";
import { parseArgs } from "node:util";

import { startNode } from "../assemble.ts";
import type { ResolvedConfig } from "../config/mod.ts";

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    id: { type: "string" },
    cluster: { type: "string" },
    port: { type: "string", default: "7700" },
    host: { type: "string", default: "127.0.0.1" },
    "data-dir": { type: "string", default: ".weft" },
    "log-format": { type: "string" },
    store: { type: "string", default: "sqlite" },
  },
});
const config: ResolvedConfig = {
  node: { id: values.id, cluster: values.cluster },
  dataDir: values["data-dir"],
  http: { host: values.host, port: Number(values.port), allowedHosts: [] },
  store: { kind: values.store as "sqlite", maxBytes: 10 * 1024 ** 3, overflow: "block" },
  retention: [],
  federation: { name: "default" },
  auth: {},
  limits: {
    bodyBytes: 8 * 1024 * 1024,
    eventBytes: 1024 * 1024,
    batchEvents: 1000,
    headersBytes: 16 * 1024,
    topicBytes: 255,
    connections: 10_000,
    requestTimeoutMs: 30_000,
  },
  sinks: { allow: [] },
  cors: { origins: [] },
  publishWindow: { idsMax: 1_048_576, ageMs: 600_000 },
  log: { level: "info", format: values["log-format"] as "json" | undefined },
  drainMs: 5000,
};
const running = await startNode(config);
process.stdout.write(`${JSON.stringify(running.ready)}\n`);
process.on("SIGTERM", () => void running.stop().then(() => process.exit(0)));
process.on("SIGINT", () => void running.stop().then(() => process.exit(0)));
