/** The HTTP door's routes, put together. */

import { Hono } from "hono";

import { RefusedError } from "../../../node/mod.ts";
import type { Metrics } from "../../telemetry/mod.ts";
import { type AboutOptions, aboutRoutes } from "./about_routes.ts";
import { authorization, ticketRoutes, type TicketStore } from "./auth/mod.ts";
import type { DoorApp, DoorContext, DoorEnv } from "./door_context.ts";
import { inspectRoutes } from "./inspect/mod.ts";
import { metricsRoutes } from "./metrics_routes.ts";
import { openApiRoutes } from "./openapi/mod.ts";
import { toProblem } from "./problems.ts";
import { publishRoutes } from "./publish/publish_routes.ts";
import { streamRoutes } from "./streams/mod.ts";
import { subscriptionRoutes } from "./subscriptions/mod.ts";

export interface AppOptions {
  readonly onLoopback: boolean;
  readonly tickets: TicketStore;
  readonly metrics: Metrics;
  readonly about: AboutOptions;
}

export function createApp(context: DoorContext, options: AppOptions): DoorApp {
  const app = new Hono<DoorEnv>();
  // Before the middleware: a publish names its principal itself, and does not pay for the way through it.
  app.route("/", publishRoutes(context));
  app.use(authorization(context.authenticate, options));
  app.route("/", aboutRoutes(context, options.about));
  app.route("/", ticketRoutes(options.tickets));
  app.route("/", subscriptionRoutes(context));
  app.route("/", streamRoutes(context));
  app.route("/", inspectRoutes(context));
  app.route("/", metricsRoutes(options.metrics));
  app.route("/", openApiRoutes(options.about.version));
  app.onError((error) => toProblem(error, context.problems));
  app.notFound((c) => toProblem(notFound(app, c.req.method, c.req.path), context.problems));
  return app;
}

/** A path that is there under another method is a 405 that names them (RFC 9110 §15.5.6). */
function notFound(app: DoorApp, method: string, path: string): RefusedError {
  const allowed = METHODS.filter((other) => other !== method && answers(app, other, path));
  if (allowed.length === 0) {
    return new RefusedError(
      "NOT_FOUND",
      `Cannot find "${path}": there is nothing there; /openapi.json lists what there is`,
    );
  }
  return new RefusedError(
    "METHOD_NOT_ALLOWED",
    `Cannot ${method} "${path}": it takes ${allowed.join(", ")}`,
    { allow: allowed },
  );
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

function answers(app: DoorApp, method: string, path: string): boolean {
  const [handlers] = app.router.match(method, path);
  return handlers.some(([[, route]]) => route.path !== "/*");
}
