/** The routes of the HTTP door on a node in memory, called directly or through a server of the runtime that runs the test. */

import { Hono } from "hono";

import { ANYONE, type Principal } from "../../adapters/door/http/auth/mod.ts";
import type { DoorContext, DoorEnv } from "../../adapters/door/http/door_context.ts";
import { readBody } from "../../adapters/door/http/guard/mod.ts";
import { inspectRoutes } from "../../adapters/door/http/inspect/mod.ts";
import { toProblem } from "../../adapters/door/http/problems.ts";
import { publishRoutes } from "../../adapters/door/http/publish/publish_routes.ts";
import { streamRoutes } from "../../adapters/door/http/streams/mod.ts";
import { subscriptionRoutes } from "../../adapters/door/http/subscriptions/mod.ts";
import { detectRuntime } from "../../adapters/runtime/detect.ts";
import { openTestNode, type TestNode, type TestNodeOptions } from "../support/test_node.ts";

export interface TestDoorOptions extends TestNodeOptions {
  /** Who asks. Default: anyone, with all rights. */
  readonly principal?: Principal;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // deno-lint-ignore no-explicit-any -- tests look into answers of every shape
  readonly body: any;
  readonly text: string;
}

export interface TestDoor extends AsyncDisposable {
  readonly fixture: TestNode;
  readonly context: DoorContext;
  /** Errors that the client is told nothing of. */
  readonly failures: unknown[];
  /** One request, without a server; `body` is sent as JSON unless it is text. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** The same without reading the body. */
  open(method: string, path: string, init?: RequestInit): Promise<Response>;
  /** Base URL of a server with these routes, started at the first call. */
  serve(): Promise<string>;
  /** As when the node begins to stop. */
  drain(): void;
}

export async function openTestDoor(options: TestDoorOptions = {}): Promise<TestDoor> {
  const { principal = ANYONE, ...nodeOptions } = options;
  const fixture = await openTestNode(nodeOptions);
  const failures: unknown[] = [];
  const drain = new AbortController();
  const problems = { onFailure: (error: unknown) => void failures.push(error) };
  const context: DoorContext = {
    get node() {
      return fixture.node;
    },
    limits: {
      bodyBytes: 8_388_608,
      eventBytes: 1_048_576,
      batchEvents: 1000,
      headersBytes: 65_536,
      topicBytes: 255,
      connections: 1000,
      requestTimeoutMs: 30_000,
    },
    draining: drain.signal,
    clock: fixture.clock,
    authenticate: () => principal,
    readBody: (request) => readBody(request, { bytesMax: 8_388_608, timeoutMs: 30_000 }),
    problems,
  };
  const app = new Hono<DoorEnv>();
  app.use(async (c, next) => {
    c.set("principal", principal);
    await next();
  });
  for (const routes of [publishRoutes, subscriptionRoutes, streamRoutes, inspectRoutes]) {
    app.route("/", routes(context));
  }
  app.onError((error) => toProblem(error, problems));

  let server: Promise<{ port: number; stop(graceMs: number): Promise<void> }> | undefined;
  const listen = async () =>
    await (await detectRuntime()).serve({
      hostname: "127.0.0.1",
      port: 0,
      bodyBytesMax: 8_388_608,
      fetch: (request, connection) => app.fetch(request, { connection }),
    });
  return {
    fixture,
    context,
    failures,
    async call(method, path, body, headers = {}) {
      const init = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
      return await toAnswer(await app.request(path, { method, headers, ...init }));
    },
    open: async (method, path, init) => await app.request(path, { method, ...init }),
    serve: async () => `http://127.0.0.1:${(await (server ??= listen())).port}`,
    drain: () => drain.abort(),
    async [Symbol.asyncDispose]() {
      drain.abort();
      await (await server)?.stop(0);
      await fixture[Symbol.asyncDispose]();
    },
  };
}

async function toAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const body = text.startsWith("{") ? JSON.parse(text) : undefined;
  return { status: response.status, headers: response.headers, text, body };
}
