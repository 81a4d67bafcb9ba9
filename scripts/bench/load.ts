/** Puts HTTP load on a server, from a process of its own. */

import { Child } from "./child_process.ts";
import { ID_PLACE, type LoadOptions, type LoadReport } from "./load_generator.ts";
import type { Server } from "./servers.ts";

export type LoadShape = Pick<LoadOptions, "connections" | "warmUpMs" | "measureMs" | "ratePerSecond">;

/** 100 bytes of JSON. */
const DATA = JSON.stringify({ amount: 12, currency: "EUR", note: "x".repeat(61) });

let runs = 0;

/** Publishes events in binary mode, 100 bytes of data, each with an id of its own. Throws if one was not accepted. */
export async function publishLoad(server: Server, shape: LoadShape): Promise<LoadReport> {
  const { host } = new URL(server.url);
  const request = [
    "POST / HTTP/1.1",
    `Host: ${host}`,
    "Content-Type: application/json",
    `Content-Length: ${DATA.length}`,
    "ce-specversion: 1.0",
    `ce-id: ${ID_PLACE}`,
    "ce-source: /shops/alice",
    "ce-type: order.placed",
    "",
    DATA,
  ].join("\r\n");
  const report = await generate(server, request, shape);
  if (report.broken > 0 || report.statuses[202] !== report.requests) {
    throw new Error(`Cannot measure "${server.url}": not everything was accepted: ${JSON.stringify(report)}`);
  }
  return report;
}

/** Asks for a path, without a body. */
export function getLoad(server: Server, path: string, shape: LoadShape): Promise<LoadReport> {
  return generate(server, `GET ${path} HTTP/1.1\r\nHost: ${new URL(server.url).host}\r\n\r\n`, shape);
}

async function generate(server: Server, request: string, shape: LoadShape): Promise<LoadReport> {
  const { hostname, port } = new URL(server.url);
  const idPrefix = (Date.now() % 1e6 * 100 + runs++ % 100).toString(36); // no run repeats an id of another
  const options: LoadOptions = { ...shape, host: hostname, port: Number(port), request, idPrefix };
  await using child = Child.client("scripts/bench/load_generator.ts", [JSON.stringify(options)]);
  return await child.next<LoadReport>(shape.warmUpMs + shape.measureMs + 60_000);
}
