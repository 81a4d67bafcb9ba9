/** The HTTP door: an app behind a server, with what protects it in front. */

import type { HttpServer, Runtime } from "../../runtime/runtime.ts";
import type { Metrics } from "../../telemetry/mod.ts";
import type { AboutOptions } from "./about_routes.ts";
import { createApp } from "./app.ts";
import type { TicketStore } from "./auth/mod.ts";
import type { DoorContext } from "./door_context.ts";
import { createGuard, type GuardOptions } from "./guard/mod.ts";
import { publish } from "./publish/publish_routes.ts";

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
  const guard = { ...options.guard, runtimeHeadersBytesMax: runtime.headersBytesMax };
  const fetch = createGuard(context, guard, (request, connection) => {
    return isPlainPublish(request) ? publish(context, request) : app.fetch(request, { connection });
  });
  const { hostname, port, tls } = options;
  const server = await runtime.serve({ hostname, port, tls, bodyBytesMax: context.limits.bodyBytes, fetch });
  return { url: toUrl(server, tls !== undefined), port: server.port, stop: (graceMs) => server.stop(graceMs) };
}

/** `POST /` and `POST /v1/events`: most requests of a busy node, of whose time a router would take 5 %. */
function isPlainPublish({ method, url }: Request): boolean {
  if (method !== "POST") return false;
  const path = url.slice(url.indexOf("/", url.indexOf("://") + 3));
  return path === "/" || path === "/v1/events";
}

function toUrl({ hostname, port }: HttpServer, secure: boolean): string {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return `${secure ? "https" : "http"}://${host}:${port}`;
}
