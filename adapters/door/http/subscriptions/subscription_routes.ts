/** Everything below `/v1/subscriptions`. */

import { Hono } from "hono";

import type { DoorContext, DoorEnv } from "../door_context.ts";
import { pullRoutes } from "./pull_routes.ts";
import { resourceRoutes } from "./resource_routes.ts";

export function subscriptionRoutes(context: DoorContext): Hono<DoorEnv> {
  const app = new Hono<DoorEnv>();
  app.route("/", resourceRoutes(context));
  app.route("/", pullRoutes(context));
  return app;
}
