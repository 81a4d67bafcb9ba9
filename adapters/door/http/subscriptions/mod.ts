/**
 * Subscriptions over HTTP: the resources, and pulling from those that have no sink. The contract is in `/openapi.json`.
 *
 * @module
 */

import { Hono } from "hono";

import type { DoorContext, DoorEnv } from "../door_context.ts";
import { pullRoutes } from "./pull_routes.ts";
import { resourceRoutes } from "./subscription_routes.ts";

export { AckSchema, PullSchema } from "./pull_routes.ts";
export { PatchSchema, SeekSchema } from "./subscription_routes.ts";

export function subscriptionRoutes(context: DoorContext): Hono<DoorEnv> {
  const app = new Hono<DoorEnv>();
  app.route("/", resourceRoutes(context));
  app.route("/", pullRoutes(context));
  return app;
}
