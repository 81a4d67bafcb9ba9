/** The HTTP door's routes, put together. Read the contract of each beside it. */

import { Hono } from "hono";

import { type AboutOptions, aboutRoutes } from "./about_routes.ts";
import { ticketRoutes } from "./auth/ticket_routes.ts";
import type { DoorApp, DoorContext, DoorEnv } from "./door_context.ts";
import { inspectRoutes } from "./inspect/mod.ts";
import { openApiRoutes } from "./openapi/mod.ts";
import { toProblem } from "./problems.ts";
import { publishRoutes } from "./publish/publish_routes.ts";
import { streamRoutes } from "./streams/mod.ts";
import { subscriptionRoutes } from "./subscriptions/mod.ts";

export function createApp(context: DoorContext, about: AboutOptions): DoorApp {
  const app = new Hono<DoorEnv>();
  app.route("/", publishRoutes(context));
  app.route("/", aboutRoutes(context, about));
  app.onError((error) => toProblem(error));
  return app;
}
