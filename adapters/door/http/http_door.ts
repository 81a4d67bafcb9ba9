/** The HTTP door: an app behind a server, with what protects it in front. */

import type { HttpServer, Runtime } from "../../runtime/runtime.ts";
import type { Metrics } from "../../telemetry/mod.ts";
import type { AboutOptions } from "./about_routes.ts";
import { createApp } from "./app.ts";
import type { TicketStore } from "./auth/mod.ts";
import type { DoorApp, DoorContext } from "./door_context.ts";
import { createGuard, type GuardOptions } from "./guard/mod.ts";
import { toProblem } from "./problems.ts";
import { publishRoutes } from "./publish/publish_routes.ts";

export interface HttpDoorOptions {
  readonly hostname: string;
  readonly port: number;
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly guard: GuardOptions;
  /** Whether only this machine can reach the door. */
  readonly onLoopback: boolean;
  readonly tickets: TicketStore;
  readonly metrics: Metrics;
  readonly about: AboutOptions;
}

export interface HttpDoor {
  /** Base URL, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Lets answers under way finish, at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** Rejects with `ListenError` when the address is taken or not ours. */
export async function openHttpDoor(
  runtime: Runtime,
  context: DoorContext,
  options: HttpDoorOptions,
): Promise<HttpDoor> {
  const app = createApp(context, options);
  const publishing = createPublishApp(context, app);
  const guard = { ...options.guard, runtimeHeadersBytesMax: runtime.headersBytesMax };
  const fetch = createGuard(context, guard, (request, connection) => {
    return (request.method === "POST" ? publishing : app).fetch(request, { connection });
  });
  const { hostname, port, tls } = options;
  const server = await runtime.serve({ hostname, port, tls, bodyBytesMax: context.limits.bodyBytes, fetch });
  return { url: toUrl(server, tls !== undefined), port: server.port, stop: (graceMs) => server.stop(graceMs) };
}

/**
 * What only publishes, and leaves the rest to `app`: with three routes and no middleware Hono finds the handler at once,
 * among all routes it takes as long as the rest of a publish without the store.
 */
function createPublishApp(context: DoorContext, app: DoorApp): DoorApp {
  return publishRoutes(context)
    .onError((error) => toProblem(error, context.problems))
    .notFound((c) => app.fetch(c.req.raw, c.env));
}

function toUrl({ hostname, port }: HttpServer, secure: boolean): string {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return `${secure ? "https" : "http"}://${host}:${port}`;
}
