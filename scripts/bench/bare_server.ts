/**
 * What a publish is compared with: Hono behind the same server, without a node.
 *
 *     <runtime> scripts/bench/bare_server.ts bare | decode        prints {"event":"ready","http":"http://127.0.0.1:…"}
 *
 * `bare` reads the body and answers 202. `decode` also makes an event of the request and answers with a receipt, as the
 * node does, but stores nothing.
 */

import process from "node:process";

import { Hono } from "hono";

import { decodeBinary } from "../../node/mod.ts";
import { detectRuntime } from "../../adapters/runtime/detect.ts";

const app = new Hono();
let sequence = 0;

if (process.argv[2] === "decode") {
  const init = { status: 202, headers: { "content-type": "application/json" } };
  app.post("/", async (c) => {
    const { raw } = c.req;
    const event = decodeBinary(raw.headers, new Uint8Array(await raw.arrayBuffer()));
    const position = event.attributes.id === "" ? 0 : ++sequence;
    const receipt = `{"cluster":"bench","epoch":4294967296,"sequence":${position},"position":${position}}`;
    return new Response(receipt, init);
  });
} else {
  app.post("/", async (c) => {
    await c.req.raw.arrayBuffer();
    return new Response(null, { status: 202, headers: { "content-length": "0" } });
  });
}

const runtime = await detectRuntime();
const server = await runtime.serve({
  hostname: "127.0.0.1",
  port: 0,
  bodyBytesMax: 8 * 1024 * 1024,
  fetch: (request) => app.fetch(request),
});
process.stdout.write(`${JSON.stringify({ event: "ready", http: `http://127.0.0.1:${server.port}` })}\n`);
